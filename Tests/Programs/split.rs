// SPDX-License-Identifier: Apache-2.0
// split.c in Rust. Prints the same lines.
use std::hint::black_box;

#[repr(C)]
struct Time {
    seconds: i64,
    fraction: i64, // ns of a clock, us of a usage
}
#[repr(C)]
struct Usage {
    user: Time,
    system: Time,
    rest: [i64; 14],
}
extern "C" {
    fn clock_gettime(clock: i32, time: *mut Time) -> i32;
    fn getrusage(who: i32, usage: *mut Usage) -> i32;
}
const CLOCK_THREAD_CPUTIME_ID: i32 = 3;

fn now() -> f64 {
    let mut t = Time { seconds: 0, fraction: 0 };
    unsafe { clock_gettime(CLOCK_THREAD_CPUTIME_ID, &mut t) };
    t.seconds as f64 + t.fraction as f64 * 1e-9
}

#[inline(never)]
fn mix(mut x: u64, rounds: u64) -> u64 {
    for i in 0..rounds {
        x = (x ^ (x >> 31)).wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(i);
    }
    x
}

#[inline(never)]
fn hot70(sink: &mut u64, rounds: u64) {
    *sink = sink.wrapping_add(mix(*sink, black_box(rounds)));
    black_box(&sink);
}

#[inline(never)]
fn hot30(sink: &mut u64, rounds: u64) {
    *sink ^= mix(*sink, black_box(rounds));
    black_box(&sink);
}

fn main() {
    let seconds: f64 = std::env::args().nth(1).map_or(1.0, |s| s.parse().unwrap());
    let (mut a, mut b, mut sink, mut seed) = (0.0, 0.0, 1u64, 1u32);
    let mut t = now();
    let end = t + seconds;
    while t < end {
        seed = seed.wrapping_mul(1664525).wrapping_add(1013904223);
        let scale = 10000 + (seed >> 18) as u64;
        hot70(&mut sink, scale * 7);
        let u = now();
        hot30(&mut sink, scale * 3);
        let v = now();
        a += u - t;
        b += v - u;
        t = v;
    }
    let mut usage: Usage = unsafe { std::mem::zeroed() };
    unsafe { getrusage(0, &mut usage) };
    let cpu = (usage.user.seconds + usage.system.seconds) as f64
        + (usage.user.fraction + usage.system.fraction) as f64 * 1e-6;
    println!("hot70 {:.4}\nhot30 {:.4}\ncpu {:.4}", a / (a + b), b / (a + b), cpu);
}
