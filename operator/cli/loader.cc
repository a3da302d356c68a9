#include "cli/loader.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>

#include "base/json_depth.h"
#include "cli/scan_files.h"
#include "cli/utf16.h"
#include "cli/yaml_comments.h"
#include "cli/yaml_json.h"
#include "detect/pod_templates.h"

namespace firebreak {
namespace {

namespace fs = std::filesystem;

// A rendered chart of a whole platform is some 10 MB; beyond this it is no manifest.
constexpr size_t kMaxFileBytes = size_t{256} << 20;

struct Chunk {
  std::string_view text;
  int firstLine = 1;
};

// "---" or "..." at the start of a line; inside a block scalar no line starts at column 0.
bool isMarker(std::string_view line, std::string_view marker) {
  if (!line.starts_with(marker)) return false;
  line.remove_prefix(marker.size());
  return line.empty() || line[0] == ' ' || line[0] == '\t' || line[0] == '\r';
}

// The documents of a stream, split before parsing so that one with a mistake does not hide the
// rest.
std::vector<Chunk> splitDocuments(std::string_view text) {
  std::vector<Chunk> chunks;
  size_t start = 0;
  int startLine = 1;
  int line = 1;
  for (size_t pos = 0; pos < text.size(); ++line) {
    size_t end = std::min(text.find('\n', pos), text.size());
    std::string_view current = text.substr(pos, end - pos);
    if (isMarker(current, "---") || isMarker(current, "...")) {
      chunks.push_back({text.substr(start, pos - start), startLine});
      // "--- {a: b}" and "--- # comment": what follows the marker belongs to the new document.
      start = pos + 3;
      startLine = line;
    }
    pos = end + 1;
  }
  chunks.push_back({text.substr(std::min(start, text.size())), startLine});
  return chunks;
}

// The values of a text that holds one JSON value after the other.
std::vector<Chunk> splitJson(std::string_view text) {
  std::vector<Chunk> chunks;
  size_t start = 0;
  int line = 1;
  eachJsonBracket(text, [&](size_t at, int depth) {
    if (depth != 0) return depth > 0;
    // From the value's own first line on.
    size_t begin = std::min(text.find_first_not_of(" \t\r\n", start), at);
    line += static_cast<int>(std::count(text.begin() + static_cast<std::ptrdiff_t>(start),
                                        text.begin() + static_cast<std::ptrdiff_t>(begin), '\n'));
    chunks.push_back({text.substr(begin, at + 1 - begin), line});
    line += static_cast<int>(std::count(text.begin() + static_cast<std::ptrdiff_t>(begin),
                                        text.begin() + static_cast<std::ptrdiff_t>(at), '\n'));
    start = at + 1;
    return true;
  });
  if (text.find_first_not_of(" \t\r\n", start) != std::string_view::npos) {
    chunks.push_back({text.substr(start), line});
  }
  return chunks;
}

// Nothing but white space, comments and directives.
bool isBlank(std::string_view text) {
  size_t pos = 0;
  while (pos < text.size()) {
    size_t end = std::min(text.find('\n', pos), text.size());
    std::string_view line = text.substr(pos, end - pos);
    size_t first = line.find_first_not_of(" \t\r");
    if (first != std::string_view::npos && line[first] != '#' && line[0] != '%') return false;
    pos = end + 1;
  }
  return true;
}

bool isSecretManifest(std::string_view text) {
  return text.starts_with("kind: Secret\n") || text.find("\nkind: Secret\n") != std::string_view::npos;
}

bool looksTemplated(std::string_view text) { return text.find("{{") != std::string_view::npos; }

// What stands below `prefix`, with paths from there on.
template <typename Map, typename Shift>
Map below(const Map& all, const std::string& prefix, const Shift& shifted) {
  Map out;
  for (auto it = all.lower_bound(prefix); it != all.end() && it->first.starts_with(prefix); ++it) {
    std::string_view rest = std::string_view(it->first).substr(prefix.size());
    if (rest.starts_with('.')) rest.remove_prefix(1);
    if (!rest.empty()) out.emplace(rest, shifted(it->second));
  }
  return out;
}

class FileLoader {
 public:
  FileLoader(std::string file, Loaded* out) : file_(std::move(file)), out_(*out) {}

  void load(std::string_view text) {
    std::string converted = utf8OfUtf16(text);
    if (!converted.empty()) text = converted;
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    if (text.find('\0') != std::string_view::npos) {
      if (isBesideManifests(file_)) {
        out_.notes.push_back({file_, 0, "skipped: is not text"});
        return;
      }
      error(0, "is not text (UTF-8 expected)");
      return;
    }
    if (isPlainText(file_)) {
      addPlainText({text, 1});
      return;
    }
    size_t first = text.find_first_not_of(" \t\r\n");
    bool json = first != std::string_view::npos && (text[first] == '{' || text[first] == '[');
    if (json) {
      if (nestsDeeperThan(text, kMaxJsonDepth)) {
        error(1, "nests too deep");
        return;
      }
      if (loadJson({text, 1})) return;
      // JSON Lines, or one value after the other: YAML would take the first for the whole.
      std::vector<Chunk> values = splitJson(text);
      bool all = values.size() > 1 && std::all_of(values.begin(), values.end(), [](const Chunk& c) {
                   return Json::accept(c.text.begin(), c.text.end());
                 });
      if (all) {
        for (const Chunk& value : values) loadJson(value);
        return;
      }
    }
    for (const Chunk& chunk : splitDocuments(text)) {
      if (!isBlank(chunk.text)) loadYaml(chunk);
    }
  }

 private:
  bool loadJson(const Chunk& chunk) {
    Json value =
        Json::parse(chunk.text.begin(), chunk.text.end(), nullptr, /*allow_exceptions=*/false);
    if (value.is_discarded()) return false;
    // JSON is YAML: read again for the lines alone.
    int line = 0;
    auto yaml = parseYaml(chunk.text, &line);
    addValue(value, yaml ? *yaml : YamlDocument(), "", chunk.firstLine - 1, chunk.firstLine);
    return true;
  }

  void loadYaml(const Chunk& chunk) {
    int line = 0;
    auto document = parseYaml(chunk.text, &line);
    if (!document) {
      std::string message = "is not valid YAML: " + document.error().message;
      if (looksTemplated(chunk.text)) {
        message = "is a template that has to be rendered first (helm template): " +
                  document.error().message;
      }
      error(line == 0 ? chunk.firstLine : chunk.firstLine + line - 1,
            message + "; looked at for credentials alone");
      // A Secret is where they belong, as in a manifest that parses.
      if (!isSecretManifest(chunk.text)) addPlainText(chunk);
      return;
    }
    size_t before = out_.documents.size();
    addValue(document->value, *document, "", chunk.firstLine - 1, chunk.firstLine);
    if (out_.documents.size() > before) addComments(chunk, &out_.documents[before]);
  }

  // To the first of a List's items: which one they are about, nobody knows.
  static void addComments(const Chunk& chunk, detect::Document* document) {
    for (YamlComment& comment : commentsOf(chunk.text)) {
      std::string path = detect::commentPath(document->comments.size());
      document->texts[path].line = comment.line + chunk.firstLine - 1;
      document->comments.push_back(std::move(comment.text));
    }
  }

  // `prefix` is where `value` stands in what was parsed; `offset` goes onto its lines.
  void addValue(const Json& value, const YamlDocument& yaml, const std::string& prefix, int offset,
                int line) {
    if (value.is_array()) {
      for (size_t i = 0; i < value.size(); ++i) {
        std::string path = detect::childPath(prefix, i);
        addValue(value[i], yaml, path, offset, lineAt(yaml, path, offset, line));
      }
      return;
    }
    if (value.is_null()) return;
    std::string kind = stringOr(member(value, "kind"));
    if (kind.ends_with("List") && member(value, "items").is_array()) {
      addItems(value, kind, yaml, detect::childPath(prefix, "items"), offset, line);
      return;
    }
    // OpenShift's Template: its objects, with parameters where it has some.
    const Json& objects = member(value, "objects");
    if (kind == "Template" && objects.is_array()) {
      addValue(objects, yaml, detect::childPath(prefix, "objects"), offset, line);
      // Its parameters have defaults.
      Json rest = value;
      rest.erase("objects");
      addDocument(rest, yaml, prefix, offset, line);
      return;
    }
    if (kind.empty() && !value.is_object()) {
      out_.notes.push_back({file_, line, "skipped: a document without kind"});
      return;
    }
    addDocument(value, yaml, prefix, offset, line);
    if (kind.empty()) {
      out_.documents.back().ref = plainFile();
      out_.notes.push_back(
          {file_, line, "a document without kind: looked at for credentials alone"});
    }
  }

  // As one text under the file's name.
  void addPlainText(const Chunk& chunk) {
    detect::Document document;
    document.ref = plainFile();
    document.file = file_;
    document.line = chunk.firstLine;
    std::string path = detect::childPath("", document.ref.name);
    document.fieldLines[path] = chunk.firstLine;
    document.texts[path].line = chunk.firstLine;
    document.object = {{document.ref.name, std::string(chunk.text)}};
    out_.documents.push_back(std::move(document));
  }

  ObjectRef plainFile() const {
    ObjectRef ref;
    ref.kind = detect::kPlainFile;
    ref.name = fs::path(file_).filename().string();
    return ref;
  }

  void addDocument(const Json& value, const YamlDocument& yaml, const std::string& prefix,
                   int offset, int line) {
    detect::Document document;
    document.object = value;
    document.ref = detect::refOf(value);
    document.file = file_;
    document.fieldLines = below(yaml.lines, prefix, [&](int at) { return at + offset; });
    document.texts = below(yaml.texts, prefix, [&](detect::TextPlace place) {
      place.line += offset;
      return place;
    });
    document.line = line;
    // The first field rather than the comments before it.
    for (const char* key : {"apiVersion", "kind"}) {
      auto found = document.fieldLines.find(key);
      if (found != document.fieldLines.end()) document.line = found->second;
    }
    for (const auto& [path, at] : document.fieldLines) {
      if (path.find_first_of(".[") == std::string::npos)
        document.line = std::min(document.line, at);
    }
    out_.documents.push_back(std::move(document));
  }

  // The items of a PodList as the API answers it have neither kind nor apiVersion of their own.
  void addItems(const Json& list, const std::string& kind, const YamlDocument& yaml,
                const std::string& prefix, int offset, int line) {
    const Json& items = member(list, "items");
    std::string itemKind = kind.substr(0, kind.size() - 4);
    for (size_t i = 0; i < items.size(); ++i) {
      Json item = items[i];
      if (item.is_object() && !itemKind.empty()) {
        if (!item.contains("kind")) item["kind"] = itemKind;
        if (!item.contains("apiVersion")) item["apiVersion"] = member(list, "apiVersion");
      }
      std::string path = detect::childPath(prefix, i);
      addValue(item, yaml, path, offset, lineAt(yaml, path, offset, line));
    }
  }

  static int lineAt(const YamlDocument& yaml, const std::string& path, int offset, int fallback) {
    auto found = yaml.lines.find(path);
    return found == yaml.lines.end() ? fallback : found->second + offset;
  }

  void error(int line, std::string message) {
    out_.errors.push_back({file_, line, std::move(message)});
  }

  std::string file_;
  Loaded& out_;
};

void loadStream(std::istream& stream, const std::string& file, Loaded* out) {
  std::string text;
  std::vector<char> buffer(size_t{1} << 16);
  while (stream.read(buffer.data(), static_cast<std::streamsize>(buffer.size())) ||
         stream.gcount() > 0) {
    text.append(buffer.data(), static_cast<size_t>(stream.gcount()));
    if (text.size() > kMaxFileBytes) {
      out->errors.push_back({file, 0, "is larger than 256 MiB"});
      return;
    }
  }
  if (stream.bad()) {
    out->errors.push_back({file, 0, "cannot be read"});
    return;
  }
  ++out->filesScanned;
  loadText(text, file, out);
}

// A pipe is read where somebody writes to it, as in `scan <(helm template .)`; one that nobody writes to
// would be waited for for ever.
void loadPipe(const std::string& path, Loaded* out) {
  int fd = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  // Without a writer there is neither data nor a hang-up.
  pollfd state{fd, POLLIN, 0};
  constexpr int kPatienceMs = 2000;
  std::string text;
  bool written = fd >= 0 && ::poll(&state, 1, kPatienceMs) > 0 && (state.revents & POLLIN) != 0;
  if (written) {
    ::fcntl(fd, F_SETFL, 0);  // from here on it is waited for
    std::vector<char> buffer(size_t{1} << 16);
    for (ssize_t got = 0; (got = ::read(fd, buffer.data(), buffer.size())) > 0;) {
      text.append(buffer.data(), static_cast<size_t>(got));
      if (text.size() > kMaxFileBytes) break;
    }
  }
  if (fd >= 0) ::close(fd);
  if (!written || text.size() > kMaxFileBytes) {
    out->errors.push_back(
        {path, 0, written ? "is larger than 256 MiB" : "is a pipe that nobody writes to"});
    return;
  }
  ++out->filesScanned;
  loadText(text, path, out);
}

void loadFile(const std::string& path, Loaded* out) {
  std::error_code error;
  if (fs::is_fifo(path, error)) return loadPipe(path, out);
  std::ifstream stream(path, std::ios::binary);
  if (!stream.is_open()) {
    out->errors.push_back({path, 0, "cannot be read"});
    return;
  }
  loadStream(stream, path, out);
}

void loadFolder(const std::string& folder, Loaded* out) {
  std::set<std::string> files;
  std::error_code error;
  fs::recursive_directory_iterator it(folder, error);
  for (; !error && it != fs::recursive_directory_iterator(); it.increment(error)) {
    std::error_code entryError;
    if (it->is_directory(entryError)) {
      if (isSkippedFolder(it->path())) it.disable_recursion_pending();
      // A subfolder that may not be entered would end the whole walk.
      std::error_code openError;
      fs::directory_iterator probe(it->path(), openError);
      if (openError) {
        out->errors.push_back({it->path().string(), 0, "cannot be read: " + openError.message()});
        it.disable_recursion_pending();
      }
    } else if (isReadInFolders(it->path(), folder)) {
      if (it->is_regular_file(entryError)) {
        files.insert(it->path().string());
      } else if (it->is_symlink(entryError) && !it->exists(entryError)) {
        out->errors.push_back({it->path().string(), 0, "is a link to a file that does not exist"});
      } else {
        out->errors.push_back({it->path().string(), 0, "is no regular file"});
      }
    }
  }
  if (error) out->errors.push_back({folder, 0, "cannot be read: " + error.message()});
  for (const std::string& file : files) loadFile(file, out);
}

}  // namespace

void loadText(std::string_view text, const std::string& file, Loaded* out) {
  FileLoader(file, out).load(text);
}

Loaded loadPaths(const std::vector<std::string>& paths, std::istream& input) {
  Loaded out;
  for (const std::string& path : paths) {
    std::error_code error;
    if (path == "-") {
      loadStream(input, "-", &out);
    } else if (fs::is_directory(path, error)) {
      loadFolder(path, &out);
    } else if (!fs::exists(path, error)) {
      out.errors.push_back({path, 0, "does not exist"});
    } else {
      loadFile(path, &out);
    }
  }
  return out;
}

}  // namespace firebreak
