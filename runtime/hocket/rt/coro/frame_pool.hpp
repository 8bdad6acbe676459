// Memory of coroutine frames and tasks: a pool of size classes per worker thread.
//
// A block carries nothing. It lies in a slab that is aligned to its own size and begins with the pool that it belongs
// to. The owner's free goes to the owner's list without an atomic; a free from another thread goes back to its home
// through a lock-free stack, which the owner empties when a list of its own runs dry. Whoever needs more than its first
// slab looks at what the others have free before it takes new (README.md, "Memory that moves"), so that the pools
// together keep about as much as was in use at once. Threads that are no workers share one pool under a mutex; big
// frames use the heap. Pools are never destroyed: a block may come home after its thread is gone, and the next worker
// thread takes the pool over with all that is in it.
#pragma once

#include <cstddef>

namespace hocket::rt {

/// Memory for a frame of `size` bytes, aligned as malloc aligns. Throws std::bad_alloc. Any thread.
void* allocate_frame(std::size_t size);

/// `size` as it was asked for. Any thread.
void free_frame(void* frame, std::size_t size) noexcept;

/// From here on each frame's origin is noted (origins.hpp), or no longer. Any thread.
void note_frames(bool on) noexcept;

/// Bytes that all pools have taken from the heap so far. Any thread.
std::size_t frame_pool_bytes() noexcept;

}  // namespace hocket::rt
