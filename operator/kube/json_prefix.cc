#include "kube/json_prefix.h"

namespace firebreak::kube {
namespace {

// The index behind the closing quote of the string that begins at `at`; npos where it is cut.
size_t endOfString(std::string_view text, size_t at) {
  for (size_t i = at + 1; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      return i + 1;
    }
  }
  return std::string_view::npos;
}

}  // namespace

std::string closeJsonPrefix(std::string_view prefix) {
  std::string open;        // the brackets that are open, outermost first
  size_t whole = 0;        // up to here every value is complete
  bool expectKey = false;  // the next string names a member
  size_t i = 0;
  while (i < prefix.size() && (whole == 0 || !open.empty())) {
    const char c = prefix[i];
    if (c == '{' || c == '[') {
      open.push_back(c);
      expectKey = c == '{';
      whole = ++i;
    } else if (c == '}' || c == ']') {
      if (open.empty() || open.back() != (c == '}' ? '{' : '[')) break;
      open.pop_back();
      whole = ++i;
    } else if (c == '"') {
      i = endOfString(prefix, i);
      if (i == std::string_view::npos) break;
      if (!expectKey) whole = i;
      expectKey = false;
    } else if (c == ',') {
      expectKey = !open.empty() && open.back() == '{';
      ++i;
    } else if (c == ':' || c == ' ' || c == '\t' || c == '\r' || c == '\n') {
      ++i;
    } else {
      // A number or a word: complete only where something follows it.
      i = prefix.find_first_of(",]} \t\r\n", i);
      if (i == std::string_view::npos) break;
      whole = i;
    }
    if (open.empty() && whole == 0 && c != ' ' && c != '\t' && c != '\r' && c != '\n') return "";
  }
  std::string out(prefix.substr(0, whole));
  for (; !open.empty(); open.pop_back()) out += open.back() == '{' ? '}' : ']';
  return out;
}

}  // namespace firebreak::kube
