// Bytes in one piece: appended at the back, taken from the front, moved only when the back runs out of room.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace hocket::stream {

class byte_buffer {
 public:
  std::size_t size() const noexcept { return end_ - begin_; }
  bool empty() const noexcept { return begin_ == end_; }
  std::string_view view() const noexcept { return {data_.get() + begin_, size()}; }

  /// Room for at least `bytes` at the back, and all there is. Valid until the next call of a member that changes.
  std::span<char> prepare(std::size_t bytes);
  /// The first `bytes` of what prepare() gave were written.
  void commit(std::size_t bytes) noexcept { end_ += bytes; }

  void append(std::string_view bytes);
  void consume(std::size_t bytes) noexcept;
  /// The first `bytes`, taken out.
  std::string take(std::size_t bytes);
  void clear() noexcept { begin_ = end_ = 0; }
  /// Gives the memory back when the buffer is empty and holds more than `bytes` of it.
  void shrink(std::size_t bytes) noexcept;

 private:
  std::unique_ptr<char[]> data_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace hocket::stream
