// Steps that a model breaks on purpose. A checker that never fails proves nothing, so each lock-free object names the
// steps that its proof leans on; a test asks for one of them to be done wrong, and the model must notice.
//
//   if constexpr (mutated<Atomics>("fork_deque: the last item is taken without the CAS")) ...
//
// Production policies name no mutant, so that nothing of this is compiled into a program.
#pragma once

#include <string_view>

namespace hocket::rt {

template <class Atomics>
consteval bool mutated(std::string_view step) {
  if constexpr (requires { Atomics::mutant; }) {
    return Atomics::mutant == step;
  } else {
    return false;
  }
}

}  // namespace hocket::rt
