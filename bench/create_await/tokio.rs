// create_await by tokio's spawn, inside one task.
#[path = "../common/bench.rs"]
mod bench;

async fn one(i: u64) -> u64 {
    i
}

fn main() {
    let o = bench::parse(500_000);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(o.workers).build().unwrap();
    let main = async move {
        for tasks in o.passes() {
            let watch = bench::Stopwatch::start();
            let mut sum = 0;
            for i in 0..tasks {
                sum += tokio::spawn(one(i)).await.unwrap();
            }
            let m = watch.read();
            if tasks == o.size {
                bench::check(sum == tasks * (tasks - 1) / 2, "create_await");
                bench::per_op(m, tasks as f64);
            }
        }
    };
    runtime.block_on(async { tokio::spawn(main).await.unwrap() });
}
