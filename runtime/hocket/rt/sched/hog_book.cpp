#include <hocket/rt/sched/hog_book.hpp>

#include <bit>

namespace hocket::rt {

constinit hog_record hog_book::records_[hog_book::size];

template <class Change>
standing hog_record::change(Change next) noexcept {
  auto word = word_.load(relaxed);
  for (;;) {
    const run_history after = next(run_history(word));
    if (word_.compare_exchange_weak(word, after.word(), relaxed)) return after.now();
  }
}

standing hog_record::note(run_length r) noexcept {
  if (r == run_length::hog) hogged_at_.store(steady_now(), relaxed);  // order: a hint
  return change([r](run_history h) { return h.after(r); });
}

void hog_record::alarm() noexcept {
  change([](run_history h) { return h.alarmed(); });
}

standing hog_record::forgive() noexcept {
  return change([](run_history h) { return h.forgiven(); });
}

// A thread mostly makes tasks of one function after another.
std::uint16_t hog_book::id_of(const std::source_location& where) noexcept {
  static constinit thread_local struct {
    std::uintptr_t where = 0;
    std::uint16_t id = nobody;
  } last;
  // The compiler's record of the place; it may have several of the same place, and then find() is asked.
  static_assert(sizeof where == sizeof last.where, "a source_location is taken for one pointer");
  const auto place = std::bit_cast<std::uintptr_t>(where);
  if (place != last.where || last.id == nobody) last = {.where = place, .id = find(where)};
  return last.id;
}

// Open addressing by the address of the function's name and the line: two lambdas of one function share a name, and two
// files may share a name and a line.
std::uint16_t hog_book::find(const std::source_location& where) noexcept {
  constexpr std::size_t longest_way = 16;
  const char* const name = where.function_name();
  auto hash = reinterpret_cast<std::uintptr_t>(name) * 0x9e3779b97f4a7c15u + where.line() * 0xff51afd7ed558ccdu;
  hash ^= hash >> 29;
  for (std::size_t i = 0; i < longest_way; ++i) {
    const std::size_t at = (hash + i) % size;
    if (at == nobody) continue;
    hog_record& r = records_[at];
    // order: G1: pairs with the release below: file and line are there.
    const char* found = r.function_.load(acquire);
    if (!found && !r.taken_.load(relaxed) && !r.taken_.exchange(true, relaxed)) {
      r.where_ = where;
      // order: G1.
      r.function_.store(name, release);
      return static_cast<std::uint16_t>(at);
    }
    if (found == name && r.line() == where.line() && r.file() == where.file_name())
      return static_cast<std::uint16_t>(at);
    // Taken and not yet filled in: this task goes unlearnt, the next one finds it.
    if (!found) return nobody;
  }
  return nobody;
}

}  // namespace hocket::rt
