// A function as a Python traceback would name it.
#pragma once

#include <string>
#include <string_view>

namespace hocket {

/// "reader::fetch" of what a compiler or demangler makes of a function's name.
std::string qualified_name(std::string_view function);

}  // namespace hocket
