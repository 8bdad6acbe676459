// uts by rayon's parallel iterator over the children of a node.
#[path = "../common/bench.rs"]
mod bench;

use rayon::prelude::*;

#[derive(Clone, Copy)]
struct Node {
    hash: u64,
    depth: u64,
}

fn mix(x: u64) -> u64 {
    let x = x.wrapping_add(0x9e3779b97f4a7c15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58476d1ce4e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d049bb133111eb);
    x ^ (x >> 31)
}

fn child(n: Node, i: u64) -> Node {
    Node { hash: mix(n.hash ^ mix(i + 1)), depth: n.depth + 1 }
}

fn children(n: Node, depth: u64) -> u64 {
    if n.depth >= depth {
        return 0;
    }
    let u = (n.hash >> 11) as f64 / (1u64 << 53) as f64;
    (((-u).ln_1p() / 0.8f64.ln()) as u64).min(40)
}

fn count_serially(n: Node, depth: u64) -> u64 {
    1 + (0..children(n, depth)).map(|i| count_serially(child(n, i), depth)).sum::<u64>()
}

fn count(n: Node, depth: u64) -> u64 {
    let children = children(n, depth);
    1 + (0..children as usize).into_par_iter().with_max_len(1).map(|i| count(child(n, i as u64), depth)).sum::<u64>()
}

fn main() {
    let o = bench::parse(10);
    let root = Node { hash: mix(1), depth: 0 };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(o.workers).build().unwrap();
    for depth in [o.size.saturating_sub(2), o.size] {
        let watch = bench::Stopwatch::start();
        let nodes = pool.install(|| count(root, depth));
        let m = watch.read();
        if depth == o.size {
            bench::check(nodes == count_serially(root, depth), "uts");
            bench::per_op(m, nodes as f64);
        }
    }
}
