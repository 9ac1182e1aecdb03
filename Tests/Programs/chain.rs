// SPDX-License-Identifier: Apache-2.0
// chain.c in Rust: a generic function, a trait object, a closure.
use std::hint::black_box;

#[inline(never)]
fn leaf(mut x: u64, rounds: u64) -> u64 {
    for i in 0..rounds {
        x = (x ^ (x >> 31)).wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(i);
    }
    x
}
trait Work {
    fn d(&self, x: u64) -> u64;
}
struct Worker(u64);
impl Work for Worker {
    #[inline(never)]
    fn d(&self, x: u64) -> u64 {
        leaf(x, black_box(3000 + x % 1000)).wrapping_add(self.0)
    }
}
#[inline(never)]
fn c<T: Into<u64> + Copy>(worker: &dyn Work, x: T) -> u64 {
    let room = [x.into() as u8; 3000];
    worker.d(x.into()) ^ black_box(&room)[7] as u64
}
#[inline(never)]
fn b(worker: &dyn Work, x: u64) -> u64 {
    black_box(c(worker, x.wrapping_add(2))).wrapping_mul(3)
}
#[inline(never)]
fn a(worker: &dyn Work, x: u64) -> u64 {
    black_box(b(worker, x.wrapping_add(3))).wrapping_add(7)
}

#[repr(C)]
struct Time {
    seconds: i64,
    fraction: i64,
}
extern "C" {
    fn clock_gettime(clock: i32, time: *mut Time) -> i32;
}

fn main() {
    let seconds: f64 = std::env::args().nth(1).map_or(1.0, |s| s.parse().unwrap());
    let worker: Box<dyn Work> = black_box(Box::new(Worker(5)));
    let mut t = Time { seconds: 0, fraction: 0 };
    let mut x = 1;
    while (t.seconds as f64) + (t.fraction as f64) * 1e-9 < seconds {
        for _ in 0..1000 {
            x = a(&*worker, x);
        }
        unsafe { clock_gettime(3, &mut t) };
    }
    black_box(x);
}
