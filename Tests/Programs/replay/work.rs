// SPDX-License-Identifier: Apache-2.0
// usage: work SECONDS
// Rust code for about so many seconds: hash and tree maps of strings, sorting by closures, formatting, trait objects,
// panics caught through many frames, a thread.
use std::collections::{BTreeMap, HashMap};
use std::hint::black_box;
use std::panic::{catch_unwind, set_hook, AssertUnwindSafe};
use std::time::{Duration, Instant};

struct Random(u64);
impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

trait Shape {
    fn area(&self, depth: u64) -> u64;
}
struct Square(u64);
struct Group(Vec<Box<dyn Shape>>);
impl Shape for Square {
    #[inline(never)]
    fn area(&self, depth: u64) -> u64 {
        let text = format!("{:>8} {:?}", self.0 * self.0, Some(depth));
        if self.0 % 29 == 0 {
            panic!("{}", text);
        }
        text.len() as u64
    }
}
impl Shape for Group {
    #[inline(never)]
    fn area(&self, depth: u64) -> u64 {
        self.0.iter().map(|shape| shape.area(depth + 1)).sum()
    }
}

fn grow(depth: u64, random: &mut Random) -> Box<dyn Shape> {
    if depth == 0 {
        return Box::new(Square(random.next() % 100));
    }
    let count = 1 + random.next() % 2;
    Box::new(Group((0..count).map(|_| grow(depth - 1, random)).collect()))
}

#[inline(never)]
fn count_words(random: &mut Random) -> usize {
    let mut counts: HashMap<String, u64> = HashMap::new();
    for _ in 0..300 {
        *counts.entry(format!("word {}", random.next() % 100)).or_default() += 1;
    }
    let mut sorted: Vec<_> = counts.into_iter().collect();
    sorted.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let tree: BTreeMap<_, _> = sorted.into_iter().collect();
    tree.range("word 3".to_string()..).count()
}

fn work(seconds: f64, seed: u64) -> u64 {
    let mut random = Random(seed);
    let end = Instant::now() + Duration::from_secs_f64(seconds);
    let mut sum = 0;
    while Instant::now() < end {
        for _ in 0..20 {
            let depth = 4 + random.next() % 22;
            let shape = grow(depth % 12 + if depth > 12 { 4 } else { 0 }, &mut random);
            sum += catch_unwind(AssertUnwindSafe(|| shape.area(0))).unwrap_or(1);
            sum += count_words(&mut random) as u64;
        }
    }
    sum
}

fn main() {
    set_hook(Box::new(|_| {}));
    let seconds = std::env::args().nth(1).and_then(|word| word.parse().ok()).unwrap_or(1.0);
    let thread = std::thread::spawn(move || work(seconds, 123456789));
    black_box(work(seconds, 88172645463325252));
    black_box(thread.join().unwrap());
}
