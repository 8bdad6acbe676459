// Everything on tokio's runtime: the echo handlers and the CPU tasks are its tasks, as in hocket.cpp.
#[path = "../common/bench.rs"]
mod bench;

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::{future::Future, io::Write, pin::Pin};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

// protocol.hpp and work.hpp, which this follows.
const MESSAGE_SIZE: usize = 64;
const CHECKPOINT: i64 = 1;
const HOG: i64 = 2;
const FORK_JOIN: i64 = 3;
const TASKS_PER_WORKER: i64 = 8;
const CHUNK_US: u64 = 20;
const FIB_OF: u64 = 40;
const FIB_LEAF: u64 = 20;

#[derive(Clone, Copy)]
struct Job {
    kind: i64,
    us: u64,
    tasks: i64,
    chunk: u64, // iterations that take CHUNK_US
}

#[repr(align(64))]
struct Slot(AtomicU64);
#[allow(clippy::declare_interior_mutable_const)]
const ZERO: Slot = Slot(AtomicU64::new(0));
static UNITS: [Slot; 64] = [ZERO; 64];
static NEXT_SLOT: AtomicUsize = AtomicUsize::new(0);
thread_local!(static SLOT: usize = NEXT_SLOT.fetch_add(1, Relaxed) % 64);

fn add_unit() {
    SLOT.with(|slot| UNITS[*slot].0.fetch_add(1, Relaxed));
}

#[inline(never)]
fn spin(iterations: u64) {
    let mut x = iterations | 1;
    for _ in 0..iterations {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
    }
    unsafe { std::arch::asm!("/* {0} */", in(reg) x) };
}

// The least disturbed of four, once the processor is up to speed. Before the runtime starts: it is the process that is timed.
fn calibrate() -> u64 {
    spin(1_000_000);
    let mut most = 0.0f64;
    for _ in 0..4 {
        let watch = bench::Stopwatch::start();
        spin(1_000_000);
        most = most.max(1e6 * CHUNK_US as f64 * 1e3 / watch.read().cpu);
    }
    most as u64
}

fn burn(job: Job, us: u64) {
    for _ in 0..us / CHUNK_US {
        spin(job.chunk);
        add_unit();
    }
}

async fn with_checkpoints(job: Job) {
    for _ in 0..job.us / 100 {
        burn(job, 100);
        tokio::task::yield_now().await;
    }
}

fn serial_fib(n: u64) -> u64 {
    if n < 2 { n } else { serial_fib(n - 1) + serial_fib(n - 2) }
}

fn fib(n: u64) -> Pin<Box<dyn Future<Output = u64> + Send>> {
    Box::pin(async move {
        if n <= FIB_LEAF {
            add_unit();
            return serial_fib(n);
        }
        let a = tokio::spawn(fib(n - 1));
        let b = fib(n - 2).await;
        a.await.unwrap() + b
    })
}

// In place, for tokio 1.24 runs a task and the child that it awaits in turn, from its LIFO slot, up to 128 times before it
// looks at anything else; and no socket was served at all.
async fn one_after_another(job: Job) {
    loop {
        match job.kind {
            HOG => burn(job, job.us),
            CHECKPOINT => with_checkpoints(job).await,
            _ => bench::check(fib(FIB_OF).await == 102_334_155, "fib"),
        }
        tokio::task::yield_now().await;
    }
}

fn start_jobs(job: Job) {
    let count = match job.kind {
        HOG | CHECKPOINT => job.tasks,
        FORK_JOIN => 1,
        _ => 0,
    };
    for _ in 0..count {
        tokio::spawn(one_after_another(job));
    }
}

async fn serve(mut socket: TcpStream, job: Job) {
    let mut message = [0u8; MESSAGE_SIZE];
    while socket.read_exact(&mut message).await.is_ok() {
        match message[0] {
            b'b' => burn(job, job.us),
            b's' => start_jobs(job),
            b'u' => {
                let units: u64 = UNITS.iter().map(|slot| slot.0.load(Relaxed)).sum();
                message[8..16].copy_from_slice(&units.to_ne_bytes());
            }
            _ => {}
        }
        if socket.write_all(&message).await.is_err() {
            return;
        }
    }
}

async fn accept_all(job: Job) -> std::io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?.port());
    std::io::stdout().flush()?;
    loop {
        let (socket, _) = listener.accept().await?;
        socket.set_nodelay(true)?;
        tokio::spawn(serve(socket, job));
    }
}

fn main() {
    let o = bench::parse(1);
    let job = Job {
        kind: o.number("kind", 0.0) as i64,
        us: o.number("job_us", 5000.0) as u64,
        tasks: o.number("tasks", (o.workers as i64 * TASKS_PER_WORKER) as f64) as i64,
        chunk: calibrate(),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(o.workers).enable_io().build().unwrap();
    runtime.block_on(runtime.spawn(accept_all(job))).unwrap().unwrap();
}
