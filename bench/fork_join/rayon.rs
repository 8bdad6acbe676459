// fork_join by rayon's join.
#[path = "../common/bench.rs"]
mod bench;

use std::hint::black_box;

fn run_all(forks: u64) -> u64 {
    let mut sum = 0;
    for i in 0..forks {
        let (a, b) = rayon::join(|| black_box(i), || black_box(i + 1));
        sum += a + b;
    }
    sum
}

fn main() {
    let o = bench::parse(1_000_000);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(o.workers).build().unwrap();
    for forks in o.passes() {
        let watch = bench::Stopwatch::start();
        let sum = pool.install(|| run_all(forks));
        let m = watch.read();
        if forks == o.size {
            bench::check(sum == forks * forks, "fork_join");
            bench::per_op(m, forks as f64);
        }
    }
}
