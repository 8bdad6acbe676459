// A random program as data: what both interpreters run, this one's and interpret.py's.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace differential::random {

/// What one step does; `a`, `b` and `us` are its numbers, `blocks` what it runs.
enum class op : std::uint8_t {
  sleep,          // us
  spawn,          // a task of blocks[0] becomes task a; b is 1: it starts at once
  await,          // task a
  cancel,         // task a
  cancel_self,    //
  uncancel,       //
  call,           // awaits blocks[0]
  attempt,        // blocks[0]; says what it ended with, and throws it again when a is 1
  cleanup,        // blocks[0], and in any case blocks[1]
  fail,           // throws
  timeout,        // us around blocks[0]
  moved_timeout,  // us around blocks[0], then twice as long, or no limit when b is 1, around blocks[1]
  wait_for,       // blocks[0], us
  group,          // the body is the last block, the tasks are the others
  gather,         // all blocks; a is 1: with return_exceptions
  shield,         // blocks[0]
  wait,           // tasks of the bits of a; b is the ReturnWhen; us, less than zero: no limit
  as_completed,   // the same tasks, as far as they are pending; b is 1: by async for
  put,            // the step's number, into queue a
  get,            // from queue a
  put_nowait,     //
  get_nowait,     //
  task_done,      //
  join,           //
  shutdown,       // queue a; b is 1: immediately
  lock,           // blocks[0] under lock a
  semaphore,      // blocks[0] with a permit of semaphore a
  set,            // event a
  clear,          //
  wait_event,     //
  call_later,     // us
  cond_wait,      // waits for condition a, then blocks[0] with its lock
  notify,         // b waiters of condition a; 0: all
  barrier_wait,   // barrier a
  barrier_reset,  //
  barrier_abort,  //
  on_done,        // a callback of task a
  off_done,       // takes the last one back
  set_var,        // the context variable becomes the step's number
  get_var,        //
  new_future,     // future a
  set_future,     // to the step's number, unless it is done
  fail_future,    //
  cancel_future,  //
  await_future,   //
};

struct step;
using block = std::vector<step>;

struct step {
  op what;
  int number;  // of the step in its program
  int a = 0, b = 0;
  std::int64_t us = 0;
  std::vector<block> blocks = {};
};

inline constexpr int slots = 5;                        // tasks that steps refer to
inline constexpr int queue_sizes[] = {1, 2, 0, 2, 0};  // the last two: by priority; the newest first
inline constexpr int semaphore_values[] = {1, 2};
inline constexpr int barrier_parties[] = {2, 3};
inline constexpr int locks = 2, events = 2, conditions = 2, futures = 3;

/// The program of a seed; every length of time in it is another one, so that no two deadlines are equal.
block generate(std::uint64_t seed);

/// Without the steps of these numbers, and what is in them.
block without(const block& program, const std::vector<int>& numbers);

/// One line of JSON: [[name, number, a, b, us, [block, ...]], ...].
std::string to_json(const block& program);

/// Runs it in the serial door under the virtual clock; gives its trace.
std::string trace_of(const block& program);

}  // namespace differential::random
