#include "detect/dashboards/answer_shape.h"

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/json.h"

namespace firebreak::detect {
namespace {

constexpr size_t kMaxDepth = 4;
constexpr size_t kMaxMembers = 4096;

// Builds the sketch while the text is read, so that a cut text keeps what came before the cut.
class Sketcher : public nlohmann::json_sax<Json> {
 public:
  std::map<std::string, std::string, std::less<>> take() { return std::move(sketch_); }

  bool null() override { return scalar(""); }
  bool boolean(bool value) override { return scalar(value ? "true" : "false"); }
  bool number_integer(number_integer_t value) override { return scalar(std::to_string(value)); }
  bool number_unsigned(number_unsigned_t value) override { return scalar(std::to_string(value)); }
  bool number_float(number_float_t, const string_t& text) override { return scalar(text); }
  bool string(string_t& value) override { return scalar(value); }
  bool binary(binary_t&) override { return false; }

  bool start_object(std::size_t) override { return open('{'); }
  bool end_object() override { return close(); }
  bool start_array(std::size_t) override { return open('['); }
  bool end_array() override { return close(); }
  bool key(string_t& name) override {
    frames_.back().key = name;
    // The member exists even where its value is cut off.
    note("");
    return sketch_.size() < kMaxMembers;
  }
  bool parse_error(std::size_t, const std::string&,
                   const nlohmann::detail::exception&) override {
    return false;
  }

 private:
  struct Frame {
    bool array = false;
    size_t index = 0;
    std::string key;
    bool skipped = false;  // inside something the sketch leaves out
  };

  std::string path() const {
    std::string text;
    for (const Frame& frame : frames_) {
      text += '/';
      text += frame.array ? std::to_string(frame.index) : escapePointerToken(frame.key);
    }
    return text;
  }
  bool skipping() const {
    if (frames_.empty()) return false;
    const Frame& frame = frames_.back();
    return frame.skipped || frames_.size() > kMaxDepth || (frame.array && frame.index > 0);
  }
  // The path is only made where it is kept: for 64 KiB of brackets all of them would take seconds.
  void note(std::string text) {
    if (!skipping()) sketch_[path()] = std::move(text);
  }
  bool scalar(std::string text) {
    note(std::move(text));
    advance();
    return sketch_.size() < kMaxMembers;
  }
  bool open(char sign) {
    const bool skipped = skipping();
    note(std::string(1, sign));
    frames_.push_back(Frame{sign == '[', 0, "", skipped});
    return true;
  }
  bool close() {
    frames_.pop_back();
    advance();
    return true;
  }
  void advance() {
    if (!frames_.empty() && frames_.back().array) ++frames_.back().index;
  }

  std::vector<Frame> frames_;
  std::map<std::string, std::string, std::less<>> sketch_;
};

bool sameLetter(char a, char b) {
  return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
}

}  // namespace

bool containsText(std::string_view text, std::string_view part) {
  return std::search(text.begin(), text.end(), part.begin(), part.end(), sameLetter) != text.end() ||
         part.empty();
}

bool equalText(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), sameLetter);
}

std::map<std::string, std::string, std::less<>> sketchJson(std::string_view text) {
  const size_t start = text.find_first_not_of(" \t\r\n");
  if (start == std::string_view::npos || (text[start] != '{' && text[start] != '[')) return {};
  Sketcher sketcher;
  Json::sax_parse(text.begin(), text.end(), &sketcher);
  return sketcher.take();
}

bool matches(const AnswerShape& shape, const ProbeAnswer& answer) {
  if (answer.outcome != ProbeAnswer::Outcome::kAnswered) return false;
  if (std::find(shape.statuses.begin(), shape.statuses.end(), answer.status) ==
      shape.statuses.end()) {
    return false;
  }
  if (!containsText(answer.contentType, shape.contentType)) return false;
  if (!containsText(answer.location, shape.location)) return false;
  const auto inBody = [&](const std::string& text) {
    return answer.body.find(text) != std::string::npos;
  };
  if (!std::all_of(shape.texts.begin(), shape.texts.end(), inBody)) return false;
  if (std::any_of(shape.absent.begin(), shape.absent.end(), inBody)) return false;
  if (shape.keys.empty() && shape.values.empty()) return true;
  const auto sketch = sketchJson(answer.body);
  const auto hasKey = [&](const std::string& key) { return sketch.contains(key); };
  const auto hasValue = [&](const std::pair<std::string, std::string>& value) {
    auto found = sketch.find(value.first);
    return found != sketch.end() && found->second == value.second;
  };
  return std::all_of(shape.keys.begin(), shape.keys.end(), hasKey) &&
         std::all_of(shape.values.begin(), shape.values.end(), hasValue);
}

}  // namespace firebreak::detect
