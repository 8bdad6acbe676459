// Tasks that await one another: a cancel that one passes on to the next would go round for ever.
//
// The cancels that a thread is passing on stand one within the other (task_base.cpp, inquiry). A task that one of them
// is for already refuses the next, and who passed that on finds out here that it must end its own wait instead.
#pragma once

namespace hocket::rt {

class task_base;

/// For suspend_point::cancel(t), when what it asked has refused: whether that waits for `t`, directly or by others.
bool ends_ring(const task_base& t) noexcept;

}  // namespace hocket::rt
