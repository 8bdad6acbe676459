// skynet by rayon's parallel iterator over the ten children of a node.
#[path = "../common/bench.rs"]
mod bench;

use rayon::prelude::*;

fn sum_below(first: u64, leaves: u64) -> u64 {
    if leaves == 1 {
        return first;
    }
    let step = leaves / 10;
    (0..10usize).into_par_iter().with_max_len(1).map(|i| sum_below(first + i as u64 * step, step)).sum()
}

fn main() {
    let o = bench::parse(1_000_000);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(o.workers).build().unwrap();
    for leaves in o.passes() {
        let watch = bench::Stopwatch::start();
        let sum = pool.install(|| sum_below(0, leaves));
        let m = watch.read();
        if leaves == o.size {
            bench::check(sum == leaves * (leaves - 1) / 2, "skynet");
            bench::per_op(m, (leaves * 10 - 1) as f64 / 9.0);
        }
    }
}
