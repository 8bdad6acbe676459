#include <hocket/stream/byte_buffer.hpp>

#include <algorithm>
#include <bit>
#include <cstring>

namespace hocket::stream {
namespace {

constexpr std::size_t smallest = 4096;

}  // namespace

std::span<char> byte_buffer::prepare(std::size_t bytes) {
  if (capacity_ - end_ < bytes) {
    const std::size_t held = size();
    if (held + bytes <= capacity_ && held <= capacity_ / 2) {
      std::memmove(data_.get(), data_.get() + begin_, held);
    } else {
      const std::size_t capacity = std::bit_ceil(std::max({smallest, held + bytes, capacity_ + 1}));
      std::unique_ptr<char[]> larger(new char[capacity]);  // not zeroed: nothing beyond end_ is ever shown
      if (held != 0) std::memcpy(larger.get(), data_.get() + begin_, held);
      data_ = std::move(larger);
      capacity_ = capacity;
    }
    begin_ = 0;
    end_ = held;
  }
  return {data_.get() + end_, capacity_ - end_};
}

void byte_buffer::append(std::string_view bytes) {
  if (bytes.empty()) return;
  std::memcpy(prepare(bytes.size()).data(), bytes.data(), bytes.size());
  commit(bytes.size());
}

void byte_buffer::consume(std::size_t bytes) noexcept {
  begin_ += bytes;
  if (begin_ == end_) clear();
}

std::string byte_buffer::take(std::size_t bytes) {
  std::string taken(view().substr(0, bytes));
  consume(taken.size());
  return taken;
}

void byte_buffer::shrink(std::size_t bytes) noexcept {
  if (!empty() || capacity_ <= bytes) return;
  data_.reset();
  capacity_ = 0;
}

}  // namespace hocket::stream
