// yield by tokio's yield_now.
#[path = "../common/bench.rs"]
mod bench;
#[path = "../common/on_tokio.rs"]
mod on_tokio;

async fn take_turns(turns: u64) -> u64 {
    for _ in 0..turns {
        tokio::task::yield_now().await;
    }
    turns
}

fn main() {
    let o = bench::parse(2_000_000);
    on_tokio::run(o.workers, async move {
        for turns in o.passes() {
            let watch = bench::Stopwatch::start();
            let all: Vec<_> = (0..100).map(|_| tokio::spawn(take_turns(turns / 100))).collect();
            let mut taken = 0;
            for each in all {
                taken += each.await.unwrap();
            }
            let m = watch.read();
            if turns == o.size {
                bench::check(taken == turns / 100 * 100, "yield");
                bench::per_op(m, taken as f64);
            }
        }
    });
}
