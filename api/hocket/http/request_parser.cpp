#include <llhttp.h>

#include <algorithm>
#include <charconv>
#include <hocket/http/characters.hpp>
#include <hocket/http/request_parser.hpp>

namespace hocket::http {
namespace {

// Chunk framing that a client may send beside this multiple of the body: the smallest chunk, "1\r\nx\r\n", takes five
// bytes.
constexpr std::size_t framing_per_byte = 6;
constexpr std::size_t framing_free = 4096;

constexpr std::string_view methods[] = {
#define HOCKET_HTTP_METHOD(number, name, text) #text,
    HTTP_METHOD_MAP(HOCKET_HTTP_METHOD)
#undef HOCKET_HTTP_METHOD
};

bool is_method(std::string_view text) noexcept {
  if (text == "GET" || text == "POST") return true;  // as nearly all are
  return std::find(std::begin(methods), std::end(methods), text) != std::end(methods);
}

std::string_view without_line_end(std::string_view piece) noexcept {
  if (piece.ends_with('\n')) piece.remove_suffix(1);
  if (piece.ends_with('\r')) piece.remove_suffix(1);
  return piece;
}

/// A CR is judged elsewhere.
bool has_control_character(std::string_view text) noexcept {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return (c >= 0 && c < ' ' && c != '\t' && c != '\r') || c == 0x7f; });
}

// False for a folded line, which continues the one before it, and for one without a name.
bool begins_field(std::string_view line) noexcept {
  return line.front() != ' ' && line.front() != '\t' && line.front() != ':';
}

std::string_view trimmed(std::string_view text) noexcept {
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  return text;
}

/// llhttp takes a tab at the end for a part of a length or a coding.
bool ends_in_tab(std::string_view value) noexcept {
  return value.substr(0, value.find_last_not_of(' ') + 1).ends_with('\t');
}

/// The text up to `end`, which is taken away with it; nullopt when there is none.
std::optional<std::string_view> split_off(std::string_view& text, char end) noexcept {
  const std::size_t at = text.find(end);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view front = text.substr(0, at);
  text.remove_prefix(at + 1);
  return front;
}

std::string_view last_of_list(std::string_view list) noexcept {
  return trimmed(list.substr(list.rfind(',') + 1));  // npos + 1 is 0
}

constexpr character_set target_characters([](char c) { return c > ' ' && c <= '~' && c != '#'; });

/// What stands between "://" and the path: host and port. A user and a password there are an attempt to mislead
/// (RFC 9110, 4.2.4).
bool is_authority(std::string_view text) noexcept {
  constexpr std::string_view others = "-._~%!$&'()*+,;=:[]";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return is_letter(c) || is_digit(c) || others.find(c) != others.npos;
  });
}

}  // namespace

// llhttp, for chunked bodies alone: it is given a head of our own before the body, and none of the client's. It calls
// back with spans of the bytes it was given.
struct request_parser::chunks {
  explicit chunks(request_parser& owner) : parser(owner) {
    llhttp_init(&machine, HTTP_REQUEST, &settings());
    machine.data = this;
  }

  static chunks& of(llhttp_t* machine) { return *static_cast<chunks*>(machine->data); }

  static int on_body(llhttp_t* m, const char* at, std::size_t size) {
    request_parser& p = of(m).parser;
    if (size > p.limits_.body - p.request_.body_.size()) {
      of(m).body_too_large = true;
      return HPE_USER;
    }
    p.request_.body_.append(at, size);
    return 0;
  }
  static int on_chunk_header(llhttp_t* m) {
    request_parser& p = of(m).parser;
    of(m).body_too_large = m->content_length > p.limits_.body - p.request_.body_.size();
    if (of(m).body_too_large) return -1;
    if (m->content_length != 0) return 0;
    of(m).last_chunk = true;  // what follows are trailer lines: they go through the guard
    return HPE_PAUSED;
  }
  static int on_message_complete(llhttp_t* m) {
    of(m).message_complete = true;
    return HPE_PAUSED;
  }

  static const llhttp_settings_t& settings() {
    static const llhttp_settings_t made = [] {
      llhttp_settings_t s;
      llhttp_settings_init(&s);
      s.on_body = on_body;
      s.on_chunk_header = on_chunk_header;
      s.on_message_complete = on_message_complete;
      return s;
    }();
    return made;
  }

  /// The number of bytes taken. Stops early at the last chunk's header, at the end of the message, and at an error.
  std::size_t execute(std::string_view bytes) {
    const llhttp_errno_t error = llhttp_execute(&machine, bytes.data(), bytes.size());
    if (error == HPE_OK) return bytes.size();
    const std::size_t taken = static_cast<std::size_t>(llhttp_get_error_pos(&machine) - bytes.data());
    if (error == HPE_PAUSED) {
      llhttp_resume(&machine);
    } else {
      failed = true;
    }
    return taken;
  }

  void begin() {
    llhttp_reset(&machine);
    last_chunk = message_complete = failed = body_too_large = false;
    execute("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n");
  }

  request_parser& parser;
  llhttp_t machine;
  bool last_chunk = false;
  bool message_complete = false;
  bool failed = false;
  bool body_too_large = false;
};

request_parser::request_parser(const Limits& limits) : limits_(limits) {}
request_parser::~request_parser() = default;

request_parser::state request_parser::feed(std::string_view& input) {
  while (!input.empty() && (state_ == state::head || state_ == state::body)) {
    if (state_ == state::head) {
      take_head(input);
    } else if (!head_.is_chunked) {
      take_sized_body(input);
    } else if (in_trailer_) {
      take_trailer(input);
    } else {
      take_chunks(input);
    }
  }
  if (state_ != state::complete) copy_head();
  return state_;
}

void request_parser::next() {
  // A large head's or body's memory is not kept for the next request.
  if (request_.head_.capacity() > 4096) std::string().swap(request_.head_);
  if (trailer_.capacity() > 4096) std::string().swap(trailer_);
  request_.head_.clear();
  in_place_ = {};
  request_.headers_.clear();
  request_.method_ = request_.target_ = request_.path_ = request_.query_ = {};
  if (request_.body_.capacity() > 64 * 1024) std::string().swap(request_.body_);
  request_.body_.clear();
  state_ = state::head;
  head_ = {};
  line_start_ = request_line_ = framing_ = 0;
  skipped_blank_line_ = in_trailer_ = expects_continue_ = false;
  trailer_.clear();
}

// ---- The guard.

/// Takes bytes up to the end of a line and appends them to `lines`; on `line`, that is all of one line, with its CR LF.
/// Whatever is wrong is wrong at the same byte, however the bytes were cut.
request_parser::line_result request_parser::take_line(std::string_view& input, std::string& lines, std::size_t limit,
                                                      int status_over_limit) {
  const std::size_t newline = input.find('\n');
  const bool whole = newline != std::string_view::npos;
  const std::string_view piece = input.substr(0, whole ? newline + 1 : input.size());
  const std::size_t room = limit - lines.size();
  const std::string_view text = without_line_end(piece.substr(0, room));
  const bool is_clean = first_control(text) == text.size();  // so nothing more is to be looked for
  if (!is_clean && has_control_character(text)) {
    fail(400, "a control character in the request's head");
    return line_result::failed;
  }
  if (piece.size() > room) {
    fail(status_over_limit,
         status_over_limit == 414 ? "the request line is too long" : "the header lines are too long");
    return line_result::failed;
  }
  append(lines, piece);
  input.remove_prefix(piece.size());
  if (!whole) return line_result::need_more;

  const std::string_view line = std::string_view(lines).substr(line_start_);
  const bool came_at_once = line.size() == piece.size();
  // A bare LF, or a bare CR before it.
  if (!line.ends_with("\r\n") || (!(is_clean && came_at_once) && line.find('\r') != line.size() - 2)) {
    fail(400, "every line of the head must end in CR LF, and hold no other CR or LF");
    return line_result::failed;
  }
  return line_result::line;
}

/// The views into the head follow when it moves, which is seldom: its room doubles.
void request_parser::append(std::string& lines, std::string_view piece) {
  if (&lines != &request_.head_ || lines.capacity() - lines.size() >= piece.size()) {
    lines.append(piece);
    return;
  }
  std::string larger;
  larger.reserve(std::max<std::size_t>(512, 2 * (lines.size() + piece.size())));
  larger.append(lines).append(piece);
  move_views(lines.data(), larger.data());
  lines.swap(larger);
}

/// How many bytes the head may take with the line that comes.
std::size_t request_parser::head_limit() const noexcept {
  return request_line_ == 0 ? limits_.request_line : request_line_ + limits_.header_block;
}

/// A line that stands whole in the input, and to which there is no objection, may stay there while the whole head does.
/// Nothing: take_line_copied() is to see to it.
inline std::optional<std::string_view> request_parser::take_line_in_place(std::string_view& input) {
  if (!request_.head_.empty()) return std::nullopt;
  const std::size_t end = first_control(input);
  const std::size_t size = end + 2;
  if (size > input.size() || input[end] != '\r' || input[end + 1] != '\n') return std::nullopt;
  if (size > head_limit() - in_place_.size()) return std::nullopt;
  const std::string_view line(input.data(), end);
  in_place_ = {input.data() - in_place_.size(), in_place_.size() + size};
  input.remove_prefix(size);
  return line;
}

/// Nothing: it is not whole yet, or failed.
std::optional<std::string_view> request_parser::take_line_copied(std::string_view& input) {
  copy_head();
  const int status_over_limit = request_line_ == 0 ? 414 : 431;
  if (take_line(input, request_.head_, head_limit(), status_over_limit) != line_result::line) return std::nullopt;
  std::string_view line = std::string_view(request_.head_).substr(line_start_);
  line.remove_suffix(2);
  return line;
}

/// Before the input goes, or a line comes that must be copied.
void request_parser::copy_head() {
  if (in_place_.empty()) return;
  request_.head_.reserve(std::max<std::size_t>(512, 2 * in_place_.size()));
  request_.head_.assign(in_place_);
  move_views(in_place_.data(), request_.head_.data());
  in_place_ = {};
  line_start_ = request_.head_.size();
}

/// The head's bytes stand elsewhere.
void request_parser::move_views(const char* from, const char* to) noexcept {
  const auto move = [&](std::string_view& view) {
    if (!view.empty()) view = {to + (view.data() - from), view.size()};
  };
  move(request_.method_);
  move(request_.target_);
  for (Header& h : request_.headers_) {
    move(h.name);
    move(h.value);
  }
}

// ---- The head.

void request_parser::take_head(std::string_view& input) {
  while (state_ == state::head && !input.empty()) {
    auto line = take_line_in_place(input);
    if (!line) line = take_line_copied(input);
    if (!line) return;
    const bool first = request_line_ == 0;
    if (line->empty()) {
      first ? skip_blank_line() : end_head();
    } else {
      first ? take_request_line(*line) : take_field(*line);
      line_start_ = request_.head_.size();
    }
  }
}

/// Some clients end a body with a stray CR LF: one is forgiven (RFC 9112, 2.2).
void request_parser::skip_blank_line() {
  if (skipped_blank_line_) return fail(400, "blank lines before the request line");
  skipped_blank_line_ = true;
  request_.head_.clear();
  in_place_ = {};
}

void request_parser::take_request_line(std::string_view line) {
  const auto method = split_off(line, ' ');
  const auto target = method ? split_off(line, ' ') : std::nullopt;
  request_.http_1_0_ = line == "HTTP/1.0";
  if (!target || (line != "HTTP/1.1" && !request_.http_1_0_)) {
    const bool is_version = target && line.find(' ') == line.npos && line.starts_with("HTTP/");
    return is_version ? fail(505, "the HTTP version is not 1.0 or 1.1")
                      : fail(400, "the request line must read METHOD TARGET HTTP/1.1");
  }
  if (!is_method(*method)) return fail(400, "the method is not known");
  request_.method_ = *method;
  request_.target_ = *target;
  request_line_ = head_size();
}

void request_parser::take_field(std::string_view line) {
  if (!begins_field(line)) return fail(400, "a header line must begin with its name");
  const std::string_view name = line.substr(0, token_characters.prefix(line));
  line.remove_prefix(name.size());
  if (!line.starts_with(':')) return fail(400, "a header line must read NAME: VALUE");
  line.remove_prefix(1);
  if (request_.headers_.size() == limits_.headers) return fail(431, "too many header lines");
  const Header& field = request_.headers_.emplace_back(Header{name, trimmed(line)});
  switch (name.size()) {  // of the names that decide something, each has a length of its own
    case 4:
      if (same_name(name, "host")) ++head_.hosts;
      break;
    case 6:
      if (same_name(name, "expect")) take_expectation(field.value);
      break;
    case 10:
      if (same_name(name, "connection")) take_connection(field.value);
      break;
    case 14:
      if (same_name(name, "content-length")) take_length(line);
      break;
    case 17:
      if (same_name(name, "transfer-encoding")) take_coding(line);
      break;
  }
}

void request_parser::take_expectation(std::string_view value) {
  if (!same_name(value, "100-continue")) return fail(417, "the only expectation that is met is 100-continue");
  expects_continue_ = !request_.http_1_0_;
}

void request_parser::take_connection(std::string_view list) {
  for (bool more = true; more;) {
    const auto front = split_off(list, ',');
    more = front.has_value();
    const std::string_view option = trimmed(front.value_or(list));
    head_.closes = head_.closes || same_name(option, "close");
    head_.keeps = head_.keeps || same_name(option, "keep-alive");
  }
}

void request_parser::take_length(std::string_view line) {
  if (ends_in_tab(line)) return fail(400, "a tab after a length");
  const std::string_view value = trimmed(line);
  if (head_.length) return fail(400, "more than one Content-Length header");
  std::uint64_t length = 0;
  const char* const end = value.data() + value.size();
  const bool is_plain = std::all_of(value.begin(), value.end(), is_digit);  // no sign, no blank, no list
  const auto [at, error] = std::from_chars(value.data(), end, length);
  if (!is_plain || error != std::errc() || at != end) return fail(400, "the Content-Length is no plain number");
  head_.length = length;
}

void request_parser::take_coding(std::string_view line) {
  if (ends_in_tab(line)) return fail(400, "a tab after a coding");
  const std::string_view value = trimmed(line);
  if (head_.is_chunked) return fail(400, "more than one Transfer-Encoding header");
  head_.is_chunked = same_name(value, "chunked");
  if (head_.is_chunked) return;
  // What does not end in "chunked" has no end that could be known (RFC 9112, 6.3).
  if (!same_name(last_of_list(value), "chunked")) return fail(400, "the last transfer coding must be chunked");
  fail(501, "the only transfer coding that is accepted is chunked");
}

/// The blank line has come.
void request_parser::end_head() {
  if (head_.is_chunked || head_.length.value_or(0) > 0) copy_head();  // the body may come with another input
  line_start_ = 0;
  const bool is_sized = head_.length.has_value();
  if (head_.hosts > 1 || (head_.hosts == 0 && !request_.http_1_0_))
    return fail(400, "exactly one Host header is needed");
  if (head_.is_chunked && is_sized) return fail(400, "both Content-Length and Transfer-Encoding");
  if (head_.is_chunked && request_.http_1_0_) return fail(400, "HTTP/1.0 has no Transfer-Encoding");
  if (is_sized && *head_.length > limits_.body) return fail(413, "the body is too large");
  if (request_.method_ == "CONNECT") return fail(405, "CONNECT is not offered: this is no proxy");
  split_target();
  if (state_ == state::failed) return;
  request_.keep_alive_ = !head_.closes && (!request_.http_1_0_ || head_.keeps);
  if (head_.is_chunked) {
    if (!chunks_) chunks_ = std::make_unique<chunks>(*this);
    chunks_->begin();
    state_ = state::body;
  } else if (is_sized && *head_.length > 0) {
    request_.body_.reserve(static_cast<std::size_t>(std::min<std::uint64_t>(*head_.length, 64 * 1024)));
    state_ = state::body;
  } else {
    expects_continue_ = false;
    state_ = state::complete;
  }
}

void request_parser::split_target() {
  std::string_view target = request_.target_;
  if (target_characters.prefix(target) != target.size())
    return fail(400, "a tab, a fragment or a byte that is no ASCII in the request target");
  if (!target.starts_with('/') && !(target == "*" && request_.method_ == "OPTIONS")) {
    // Absolute form, as sent to proxies: http://host/path
    const std::size_t scheme = std::min(target.find("://"), target.size());
    const bool has_scheme =
        scheme > 0 && std::all_of(target.begin(), target.begin() + static_cast<std::ptrdiff_t>(scheme), is_letter);
    target.remove_prefix(std::min(scheme + 3, target.size()));
    const std::size_t path = std::min(target.find_first_of("/?"), target.size());
    if (!has_scheme || !is_authority(target.substr(0, path)))
      return fail(400, "the request target must begin with '/'");
    target.remove_prefix(path);
  }
  const std::size_t question = std::min(target.find('?'), target.size());
  request_.path_ = question == 0 ? std::string_view("/") : target.substr(0, question);
  request_.query_ = target.substr(std::min(question + 1, target.size()));
}

// ---- The body.

void request_parser::take_sized_body(std::string_view& input) {
  const std::size_t missing = static_cast<std::size_t>(*head_.length) - request_.body_.size();
  const std::string_view piece = input.substr(0, missing);
  request_.body_.append(piece);
  input.remove_prefix(piece.size());
  if (piece.size() == missing) state_ = state::complete;
}

void request_parser::take_chunks(std::string_view& input) {
  const std::size_t before = request_.body_.size();
  const std::size_t taken = chunks_->execute(input);
  input.remove_prefix(std::min(taken, input.size()));
  if (chunks_->failed) return fail_from_chunks();
  framing_ += taken - (request_.body_.size() - before);
  if (framing_ > framing_free + framing_per_byte * request_.body_.size())
    return fail(413, "too much chunk framing for so small a body");
  if (chunks_->message_complete) state_ = state::complete;
  if (chunks_->last_chunk) in_trailer_ = true;
}

void request_parser::take_trailer(std::string_view& input) {
  if (take_line(input, trailer_, limits_.header_block, 431) != line_result::line) return;
  const std::string_view line = std::string_view(trailer_).substr(line_start_);
  if (line.size() > 2 && !begins_field(line)) return fail(400, "a trailer line must begin with its name");
  if (line.size() > 2) {
    line_start_ = trailer_.size();
    return;
  }
  if (static_cast<std::size_t>(std::count(trailer_.begin(), trailer_.end(), '\n')) - 1 > limits_.headers)
    return fail(431, "too many trailer lines");
  const std::size_t taken = chunks_->execute(trailer_);
  if (chunks_->failed) return fail_from_chunks();
  if (taken != trailer_.size() || !chunks_->message_complete) return fail(400, "malformed trailer");
  state_ = state::complete;
}

void request_parser::fail(int status, std::string_view text) {
  state_ = state::failed;
  error_status_ = status;
  error_text_ = text;
}

void request_parser::fail_from_chunks() {
  if (chunks_->body_too_large) return fail(413, "the body is too large");
  const char* reason = llhttp_get_error_reason(&chunks_->machine);
  fail(400, reason && *reason ? reason : "malformed request");
}

}  // namespace hocket::http
