// SPDX-License-Identifier: Apache-2.0
// Planted call chains in Rust: collections, trait objects, closures, panics that are caught.
use std::collections::HashMap;

extern "C" {
    fn harness_enter(function: i32);
    fn harness_leave();
}

struct Entered;
impl Entered {
    #[inline(always)]
    fn new(function: i32) -> Entered {
        unsafe { harness_enter(function) };
        Entered
    }
}
impl Drop for Entered {
    #[inline(always)]
    fn drop(&mut self) {
        unsafe { harness_leave() };
    }
}

struct Random(u32);
impl Random {
    fn next(&mut self) -> u32 {
        self.0 = self.0.wrapping_mul(1103515245).wrapping_add(12345);
        self.0 >> 8
    }
}

#[no_mangle]
#[inline(never)]
fn plant_2(depth: u32, random: &mut Random) -> u32 {
    let _entered = Entered::new(2);
    let mut words: HashMap<String, u32> = HashMap::new();
    for i in 0..12 {
        *words.entry(format!("key {}", random.next() % 40)).or_insert(0) += i;
    }
    words.len() as u32 + if depth > 0 { plant_1(depth - 1, random) } else { 1 }
}

#[no_mangle]
#[inline(never)]
fn plant_3(depth: u32, random: &mut Random) -> u32 {
    let _entered = Entered::new(3);
    let mut values: Vec<u32> = (0..64).map(|_| random.next()).collect();
    values.sort_by(|left, right| right.cmp(left));
    let text = values.iter().map(|v| v.to_string()).collect::<Vec<_>>().join(",");
    (text.len() as u32).wrapping_add(if depth > 0 { plant_1(depth - 1, random) } else { 1 })
}

#[no_mangle]
#[inline(never)]
fn plant_4(depth: u32, random: &mut Random) -> u32 {
    let _entered = Entered::new(4);
    let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| plant_5(depth, random)));
    result.unwrap_or(3)
}

#[no_mangle]
#[inline(never)]
fn plant_5(depth: u32, random: &mut Random) -> u32 {
    let _entered = Entered::new(5);
    if depth == 0 || random.next() % 16 == 0 {
        std::panic::resume_unwind(Box::new(1));
    }
    plant_1(depth - 1, random).wrapping_add(1)
}

#[no_mangle]
#[inline(never)]
fn plant_1(depth: u32, random: &mut Random) -> u32 {
    let _entered = Entered::new(1);
    let choices: [&dyn Fn(u32, &mut Random) -> u32; 4] = [&plant_2, &plant_3, &plant_4, &plant_3];
    choices[(random.next() % 4) as usize](depth, random).wrapping_mul(3)
}

fn main() {
    let rounds: u32 = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(100);
    let mut random = Random(1);
    let mut sum = 0u32;
    for _ in 0..rounds {
        sum = sum.wrapping_add(plant_1(20, &mut random));
    }
    println!("done {}", sum);
}
