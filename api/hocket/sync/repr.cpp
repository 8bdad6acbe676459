#include <hocket/sync/repr.hpp>

#include <hocket/loop/coro.hpp>

namespace hocket::sync {

std::string object_text(std::string_view type, const void* address, std::string_view condition, std::size_t waiters) {
  std::string out = "<asyncio.locks.";
  out.append(type).append(" object at ").append(address_text(address)).append(" [").append(condition);
  if (waiters != 0) out.append(", waiters:").append(std::to_string(waiters));
  return out += "]>";
}

}  // namespace hocket::sync
