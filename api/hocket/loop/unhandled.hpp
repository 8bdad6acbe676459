// What happens when a task ends with an exception and nobody waits for it: an extension.
//
// asyncio says "Task exception was never retrieved" when the last handle of the task goes, and so never while somebody
// keeps one. The other policies look at the task's end: whoever neither waits for it then, nor has looked at the
// exception when the turn is over, is taken not to care. In a serial loop that is its turn, in which whoever made the
// task may still await it; in the parallel door, where a task may end before its maker comes to the await, a tenth of
// a second of the loop's clock. A done callback is no wait, but it may look.
#pragma once

#include <cstdint>

namespace hocket {

class loop_state;
class task_core;

/// RunOptions::on_unhandled, EventLoop::set_on_unhandled. Exceptions of tasks that a run cancels at its end are told to
/// the exception handler, whatever this says; KeyboardInterrupt and SystemExit are not its business.
enum class OnUnhandled : std::uint8_t {
  at_last_handle,  // asyncio's way: the exception handler is told when the last handle goes, if nobody has looked
  log,             // standard error is told at the task's end
  handler,         // the loop's exception handler is told at the task's end
  abort,           // standard error is told at the task's end, and the process ends by std::abort()
};

/// A task of `loop` failed, and nobody waited for it: sees to what the loop's policy asks for. While it is the loop's.
void see_to_unhandled(loop_state& loop, task_core& task) noexcept;

}  // namespace hocket
