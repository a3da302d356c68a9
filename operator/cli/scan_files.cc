#include "cli/scan_files.h"

#include <algorithm>
#include <cctype>
#include <iterator>
#include <string>
#include <string_view>

namespace firebreak {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kManifestEndings[] = {".yaml", ".yml", ".json"};

constexpr std::string_view kTextEndings[] = {
    ".env",    ".properties", ".ini",    ".conf",        ".cfg", ".cnf",         ".toml",
    ".tf",     ".tfvars",     ".hcl",    ".xml",         ".npmrc", ".netrc",     ".pgpass",
    ".pypirc", ".dockercfg",  ".tpl",    "/credentials", "/Dockerfile", "/Jenkinsfile", ".git-credentials"};

constexpr std::string_view kBesideEndings[] = {
    ".sh",   ".bash", ".py",     ".rb",     ".js",      ".ts",  ".ps1", ".sql", ".php", ".go",
    ".java", ".kt",   ".gradle", ".groovy", ".service", ".key", ".pem", ".csv", ".md"};

constexpr std::string_view kSkippedFolders[] = {".git", "node_modules", ".terraform"};

template <size_t N>
bool endsLike(const fs::path& path, const std::string_view (&endings)[N]) {
  std::string name = "/" + path.filename().string();
  return std::any_of(std::begin(endings), std::end(endings),
                     [&](std::string_view ending) { return name.ends_with(ending); });
}

// In letters of either case, as Windows writes them.
bool isManifest(const fs::path& path) {
  std::string extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return std::find(std::begin(kManifestEndings), std::end(kManifestEndings), extension) !=
         std::end(kManifestEndings);
}

// Other people's code; charts and manifests that were vendored are run all the same.
bool isVendoredCode(const fs::path& path) {
  return isBesideManifests(path) && std::find(path.begin(), path.end(), "vendor") != path.end();
}

}  // namespace

bool isBesideManifests(const fs::path& path) {
  return endsLike(path, kBesideEndings) && !path.filename().string().ends_with(".min.js");
}

bool isPlainText(const fs::path& path) {
  return path.filename().string().starts_with(".env.") || endsLike(path, kTextEndings) ||
         isBesideManifests(path);
}

bool isSkippedFolder(const fs::path& path) {
  return std::find(std::begin(kSkippedFolders), std::end(kSkippedFolders), path.filename().string()) !=
         std::end(kSkippedFolders);
}

bool isReadInFolders(const fs::path& path, const fs::path& folder) {
  return (isManifest(path) || isPlainText(path)) && !isVendoredCode(path.lexically_relative(folder));
}

}  // namespace firebreak
