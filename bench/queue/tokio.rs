// queue over tokio's bounded mpsc channel; its one receiver is shared by a mutex where there are several consumers, as
// tokio's own guide does it.
#[path = "../common/bench.rs"]
mod bench;

use std::sync::Arc;
use tokio::sync::{mpsc, Mutex};

async fn produce(sender: mpsc::Sender<u64>, items: u64) {
    for i in 0..items {
        sender.send(i).await.unwrap();
    }
}

async fn consume(mut receiver: mpsc::Receiver<u64>, items: u64) -> u64 {
    let mut sum = 0;
    for _ in 0..items {
        sum += receiver.recv().await.unwrap();
    }
    sum
}

async fn consume_shared(receiver: Arc<Mutex<mpsc::Receiver<u64>>>, items: u64) -> u64 {
    let mut sum = 0;
    for _ in 0..items {
        sum += receiver.lock().await.recv().await.unwrap();
    }
    sum
}

fn main() {
    let o = bench::parse(1_000_000);
    let pairs = o.number("pairs", 1.0) as u64;
    let capacity = o.number("capacity", 1024.0) as usize;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(o.workers).build().unwrap();
    let main = async move {
        for items in o.passes() {
            let each = items / pairs;
            let watch = bench::Stopwatch::start();
            let (sender, receiver) = mpsc::channel(capacity);
            for _ in 0..pairs {
                tokio::spawn(produce(sender.clone(), each));
            }
            let mut consumers = Vec::new();
            if pairs == 1 {
                consumers.push(tokio::spawn(consume(receiver, each)));
            } else {
                let receiver = Arc::new(Mutex::new(receiver));
                for _ in 0..pairs {
                    consumers.push(tokio::spawn(consume_shared(receiver.clone(), each)));
                }
            }
            let mut sum = 0;
            for consumer in consumers {
                sum += consumer.await.unwrap();
            }
            let m = watch.read();
            if items == o.size {
                bench::check(sum == pairs * (each * (each - 1) / 2), "queue");
                bench::per_op(m, (pairs * each) as f64);
            }
        }
    };
    runtime.block_on(async { tokio::spawn(main).await.unwrap() });
}
