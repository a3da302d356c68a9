// Which files `firebreak scan` reads in a folder, and how one is read by its name alone. Pure.
#pragma once

#include <filesystem>

namespace firebreak {

// Manifests (.yaml, .yml, .json), configuration that is text and what lies beside both; not minified code
// and not code in `vendor` below `folder`.
bool isReadInFolders(const std::filesystem::path& path, const std::filesystem::path& folder);

// Folders that are not entered: written by programs, or by others than whoever has the folder.
bool isSkippedFolder(const std::filesystem::path& path);

// No YAML: one text, looked at for credentials alone.
bool isPlainText(const std::filesystem::path& path);

// Scripts, code, keys, tables, notes: plain text at most, and at times no text at all.
bool isBesideManifests(const std::filesystem::path& path);

}  // namespace firebreak
