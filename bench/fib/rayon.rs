// fib by rayon's join: one child may be stolen, the other runs in place; no coroutine.
#[path = "../common/bench.rs"]
mod bench;

fn fib(n: u64) -> u64 {
    if n < 2 {
        return n;
    }
    let (a, b) = rayon::join(|| fib(n - 1), || fib(n - 2));
    a + b
}

fn expected(n: u64) -> u64 {
    (0..n).fold((0, 1), |(a, b), _| (b, a + b)).0
}

fn main() {
    let o = bench::parse(32);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(o.workers).build().unwrap();
    for n in [o.size.saturating_sub(5), o.size] {
        let watch = bench::Stopwatch::start();
        let result = pool.install(|| fib(n));
        let m = watch.read();
        if n == o.size {
            bench::check(result == expected(n), "fib");
            bench::per_op(m, 2.0 * expected(n + 1) as f64 - 1.0);
        }
    }
}
