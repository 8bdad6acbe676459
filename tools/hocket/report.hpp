// How results look: for people, and as JSON.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "load.hpp"

namespace hocket::tools {

/// "0.21 ms", "13.4 ms", "1.73 s": three significant digits, from milliseconds up.
std::string as_time(std::int64_t nanoseconds);

/// "2001", "142000", "7.5".
std::string as_number(double value);

/// The same, "per second": "2001/s".
std::string as_rate(double per_second);

/// Several lines that end with a newline.
std::string as_text(const load_options& options, const load_result& result);

nlohmann::ordered_json as_json(const load_options& options, const load_result& result);

/// Writes to a file, or to standard output for "-". False, after one line on standard error, when it cannot.
bool write_json(const std::string& file, const nlohmann::ordered_json& value);

}  // namespace hocket::tools
