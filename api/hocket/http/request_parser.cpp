#include <llhttp.h>

#include <algorithm>
#include <hocket/http/request_parser.hpp>

namespace hocket::http {
namespace {

// Chunk framing that a client may send beside this multiple of the body: the smallest chunk, "1\r\nx\r\n", takes five
// bytes.
constexpr std::size_t framing_per_byte = 6;
constexpr std::size_t framing_free = 4096;

bool has_control_character(std::string_view text) noexcept {
  std::string_view inner = text;  // without its line end
  if (inner.ends_with('\n')) inner.remove_suffix(1);
  if (inner.ends_with('\r')) inner.remove_suffix(1);
  if (!may_hold_control(inner)) return false;
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return (c >= 0 && c < ' ' && c != '\t' && c != '\r' && c != '\n') || c == 0x7f; });
}

// False for a folded line, which continues the one before it, and for one without a name, which llhttp takes.
bool begins_field(std::string_view line) noexcept {
  return line.front() != ' ' && line.front() != '\t' && line.front() != ':';
}

std::string_view trimmed(std::string_view text) noexcept {
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  return text;
}

}  // namespace

// llhttp calls back with spans of the bytes it was given. The head comes in one piece, so each span is a whole one; a
// header value may still come in several spans (it skips blanks), which are adjacent.
struct request_parser::engine {
  explicit engine(request_parser& owner) : parser(owner) {
    llhttp_init(&machine, HTTP_REQUEST, &settings());
    machine.data = this;
  }

  static engine& of(llhttp_t* machine) { return *static_cast<engine*>(machine->data); }

  static int on_method(llhttp_t* m, const char* at, std::size_t size) {
    if (!of(m).in_head) return 0;
    extend(of(m).parser.request_.method_, at, size);
    return 0;
  }
  static int on_url(llhttp_t* m, const char* at, std::size_t size) {
    if (!of(m).in_head) return 0;
    extend(of(m).parser.request_.target_, at, size);
    return 0;
  }
  static int on_header_field(llhttp_t* m, const char* at, std::size_t size) {
    engine& e = of(m);
    if (!e.in_head) return 0;  // a trailer: counted by the guard, not kept
    auto& headers = e.parser.request_.headers_;
    if (!e.name_open) headers.push_back({});
    e.name_open = true;
    extend(headers.back().name, at, size);
    return 0;
  }
  static int on_header_value(llhttp_t* m, const char* at, std::size_t size) {
    engine& e = of(m);
    if (!e.in_head) return 0;
    e.name_open = false;
    extend(e.parser.request_.headers_.back().value, at, size);
    return 0;
  }
  static int on_header_value_complete(llhttp_t* m) {
    of(m).name_open = false;
    return 0;
  }
  static int on_headers_complete(llhttp_t* m) {
    engine& e = of(m);
    e.parser.request_.keep_alive_ = llhttp_should_keep_alive(m) != 0;
    e.parser.request_.http_1_0_ = m->http_major == 1 && m->http_minor == 0;
    e.declared_length = (m->flags & F_CONTENT_LENGTH) ? m->content_length : 0;
    e.chunked = (m->flags & F_CHUNKED) != 0;
    m->upgrade = 0;  // an offer to upgrade is declined by answering the request as it stands (RFC 9110, 7.8)
    return 0;
  }
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

  static void extend(std::string_view& view, const char* at, std::size_t size) {
    view = view.empty() ? std::string_view(at, size)
                        : std::string_view(view.data(), static_cast<std::size_t>(at - view.data()) + size);
  }

  static const llhttp_settings_t& settings() {
    static const llhttp_settings_t made = [] {
      llhttp_settings_t s;
      llhttp_settings_init(&s);
      s.on_method = on_method;
      s.on_url = on_url;
      s.on_header_field = on_header_field;
      s.on_header_value = on_header_value;
      s.on_header_value_complete = on_header_value_complete;
      s.on_headers_complete = on_headers_complete;
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

  void reset() {
    llhttp_reset(&machine);
    in_head = true;
    name_open = last_chunk = message_complete = failed = body_too_large = chunked = false;
    declared_length = 0;
  }

  request_parser& parser;
  llhttp_t machine;
  bool in_head = true;
  bool name_open = false;
  bool last_chunk = false;
  bool message_complete = false;
  bool failed = false;
  bool body_too_large = false;
  bool chunked = false;
  std::uint64_t declared_length = 0;
};

request_parser::request_parser(const Limits& limits) : limits_(limits), engine_(std::make_unique<engine>(*this)) {}
request_parser::~request_parser() = default;

request_parser::state request_parser::feed(std::string_view& input) {
  while (!input.empty() && (state_ == state::head || state_ == state::body)) {
    if (state_ == state::head) {
      take_head(input);
    } else if (in_trailer_) {
      take_trailer(input);
    } else {
      take_body(input);
    }
  }
  return state_;
}

void request_parser::next() {
  engine_->reset();
  request_.head_.clear();
  request_.headers_.clear();
  request_.method_ = request_.target_ = request_.path_ = request_.query_ = {};
  // A large body's memory is not kept for the next request.
  if (request_.body_.capacity() > 64 * 1024) std::string().swap(request_.body_);
  request_.body_.clear();
  state_ = state::head;
  line_start_ = request_line_ = framing_ = 0;
  skipped_blank_line_ = in_trailer_ = expects_continue_ = false;
  trailer_.clear();
}

/// Takes bytes up to the end of a line and appends them to `lines`; on `line`, that is all of one line, with its CR LF.
request_parser::line_result request_parser::take_line(std::string_view& input, std::string& lines, std::size_t limit,
                                                      int status_over_limit) {
  const std::size_t newline = input.find('\n');
  const bool whole = newline != std::string_view::npos;
  const std::string_view piece = input.substr(0, whole ? newline + 1 : input.size());
  if (has_control_character(piece)) {
    fail(400, "a control character in the request's head");
    return line_result::failed;
  }
  if (lines.size() + piece.size() > limit) {
    fail(status_over_limit,
         status_over_limit == 414 ? "the request line is too long" : "the header lines are too long");
    return line_result::failed;
  }
  lines.append(piece);
  input.remove_prefix(piece.size());
  if (!whole) return line_result::need_more;

  const std::string_view line = std::string_view(lines).substr(line_start_);
  if (line.size() < 2 || line.find('\r') != line.size() - 2) {  // npos for a bare LF; too early for a bare CR
    fail(400, "every line of the head must end in CR LF, and hold no other CR or LF");
    return line_result::failed;
  }
  return line_result::line;
}

void request_parser::take_head(std::string_view& input) {
  std::string& head = request_.head_;
  const bool first = request_line_ == 0;
  const std::size_t limit = first ? limits_.request_line : request_line_ + limits_.header_block;
  if (take_line(input, head, limit, first ? 414 : 431) != line_result::line) return;

  const std::string_view line = std::string_view(head).substr(line_start_);
  const bool blank = line.size() == 2;
  if (first && blank) {  // some clients end a body with a stray CR LF: one is forgiven (RFC 9112, 2.2)
    if (skipped_blank_line_) return fail(400, "blank lines before the request line");
    skipped_blank_line_ = true;
    head.clear();
    return;
  }
  if (first) {
    // llhttp forgives more blanks, and reads RTSP, ICE and HTTP/2.
    if (std::count(line.begin(), line.end(), ' ') != 2)
      return fail(400, "the request line must read METHOD TARGET HTTP/1.1");
    const std::string_view version = line.substr(line.rfind(' '));
    if (!version.starts_with(" HTTP/")) return fail(400, "the request line must read METHOD TARGET HTTP/1.1");
    if (!version.starts_with(" HTTP/1.")) return fail(505, "the HTTP version is not 1.0 or 1.1");
    request_line_ = head.size();
  } else if (blank) {
    return on_head_bytes();
  } else if (!begins_field(line)) {
    return fail(400, "a header line must begin with its name");
  }
  line_start_ = head.size();
}

void request_parser::on_head_bytes() {
  const std::string_view head = request_.head_;
  const auto lines = static_cast<std::size_t>(std::count(head.begin(), head.end(), '\n')) - 2;
  if (lines > limits_.headers) return fail(431, "too many header lines");
  const std::size_t taken = engine_->execute(head);
  if (engine_->failed) return fail_from_engine();
  engine_->in_head = false;
  line_start_ = 0;
  // Where the head ends for the guard, it must end for llhttp.
  if (taken != head.size() || (!engine_->message_complete && engine_->declared_length == 0 && !engine_->chunked))
    return fail(400, "malformed request");
  check_head();
  if (state_ == state::failed) return;
  if (engine_->message_complete) {
    state_ = state::complete;
  } else {
    state_ = state::body;
    request_.body_.reserve(static_cast<std::size_t>(std::min<std::uint64_t>(engine_->declared_length, 64 * 1024)));
  }
}

/// What llhttp leaves to its user.
void request_parser::check_head() {
  std::size_t hosts = 0, encodings = 0;
  bool has_length = false;
  for (Header& h : request_.headers_) {
    h.value = trimmed(h.value);
    if (same_name(h.name, "host")) {
      ++hosts;
    } else if (same_name(h.name, "content-length")) {
      has_length = true;
    } else if (same_name(h.name, "transfer-encoding")) {
      ++encodings;
      if (!same_name(h.value, "chunked")) return fail(501, "the only transfer coding that is accepted is chunked");
    } else if (same_name(h.name, "expect")) {
      if (!same_name(h.value, "100-continue")) return fail(417, "the only expectation that is met is 100-continue");
      expects_continue_ = !request_.http_1_0_;
    }
  }
  if (hosts > 1 || (hosts == 0 && !request_.http_1_0_)) return fail(400, "exactly one Host header is needed");
  if (encodings > 1) return fail(400, "more than one Transfer-Encoding header");
  if (encodings > 0 && has_length) return fail(400, "both Content-Length and Transfer-Encoding");
  if (encodings > 0 && request_.http_1_0_) return fail(400, "HTTP/1.0 has no Transfer-Encoding");
  if (engine_->declared_length > limits_.body) return fail(413, "the body is too large");
  if (request_.method_ == "CONNECT") return fail(405, "CONNECT is not offered: this is no proxy");
  if (engine_->message_complete) expects_continue_ = false;
  split_target();
}

void request_parser::split_target() {
  std::string_view target = request_.target_;
  if (target.find('#') != std::string_view::npos) return fail(400, "a fragment in the request target");
  if (const std::size_t scheme = target.find("://"); !target.starts_with('/') && scheme != std::string_view::npos) {
    target.remove_prefix(scheme + 3);  // absolute form, as sent to proxies: http://host/path
    target.remove_prefix(std::min(target.find_first_of("/?"), target.size()));
  } else if (!target.starts_with('/') && !(target == "*" && request_.method_ == "OPTIONS")) {
    return fail(400, "the request target must begin with '/'");
  }
  const std::size_t question = std::min(target.find('?'), target.size());
  request_.path_ = question == 0 ? std::string_view("/") : target.substr(0, question);
  request_.query_ = target.substr(std::min(question + 1, target.size()));
}

void request_parser::take_body(std::string_view& input) {
  const std::size_t before = request_.body_.size();
  const std::size_t taken = engine_->execute(input);
  input.remove_prefix(std::min(taken, input.size()));
  if (engine_->failed) return fail_from_engine();
  framing_ += taken - (request_.body_.size() - before);
  if (framing_ > framing_free + framing_per_byte * request_.body_.size())
    return fail(413, "too much chunk framing for so small a body");
  if (engine_->message_complete) state_ = state::complete;
  if (engine_->last_chunk) in_trailer_ = true;
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
  const std::size_t taken = engine_->execute(trailer_);
  if (engine_->failed) return fail_from_engine();
  if (taken != trailer_.size() || !engine_->message_complete) return fail(400, "malformed trailer");
  state_ = state::complete;
}

void request_parser::fail(int status, std::string_view text) {
  state_ = state::failed;
  error_status_ = status;
  error_text_ = text;
}

void request_parser::fail_from_engine() {
  if (engine_->body_too_large) return fail(413, "the body is too large");
  const llhttp_errno_t error = llhttp_get_errno(&engine_->machine);
  if (error == HPE_INVALID_VERSION) return fail(505, "the HTTP version is not 1.0 or 1.1");
  const char* reason = llhttp_get_error_reason(&engine_->machine);
  fail(400, reason && *reason ? reason : "malformed request");
}

}  // namespace hocket::http
