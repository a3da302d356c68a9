// FetchedFiles: what a script took from the network and where it put it, so that what is run of it is
// told from what the image brought. Not thread-safe; one per command line.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace firebreak::detect {

enum class Fetched {
  kNo,
  kYes,
  kInsecurely,  // without TLS, or from a bare address: nobody vouches for it
};

// Programs that fetch what their arguments name.
bool isDownloader(std::string_view program);

class FetchedFiles {
 public:
  // Each command in order, with the files that its output is redirected to. `fromPipe`: it reads what the
  // command before it printed.
  void onCommand(const std::vector<std::string>& words, const std::vector<std::string>& outputs,
                 bool fromPipe);
  // How the program that the words run came here: itself, the script that a shell is given, or what is
  // piped into the shell (`reads`).
  Fetched of(const std::vector<std::string>& words, bool reads) const;

 private:
  Fetched find(std::string_view path) const;

  std::map<std::string, Fetched, std::less<>> files_;
  Fetched pipe_ = Fetched::kNo;    // what the command before prints
  Fetched before_ = Fetched::kNo;  // what the command now reads
};

}  // namespace firebreak::detect
