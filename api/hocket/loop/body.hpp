// The body of a block that C++ cannot spell as `async with`: a lambda, plain or a coroutine, that may take the block's
// object.
#pragma once

#include <functional>
#include <type_traits>
#include <utility>

#include <hocket/loop/coro.hpp>
#include <hocket/loop/create_task.hpp>

namespace hocket {

template <class R>
struct body_value {
  using type = R;
};
template <class T>
struct body_value<Coro<T>> {
  using type = T;
};

/// What a body gives when it is called with `Args`.
template <class Body, class... Args>
using body_value_t = typename body_value<std::invoke_result_t<Body&, Args...>>::type;

template <class Body, class... Args>
Coro<body_value_t<Body, Args&...>> call_plain_body(Body& body, Args&... args) {
  co_return body(args...);
}

/// Calls the body as a coroutine, whichever it is. `body` and `args` must outlive it.
template <class Body, class... Args>
Coro<body_value_t<Body, Args&...>> call_body(Body& body, Args&... args) {
  if constexpr (is_coro<std::invoke_result_t<Body&, Args&...>>) {
    return body(args...);
  } else {
    return call_plain_body(body, args...);
  }
}

}  // namespace hocket
