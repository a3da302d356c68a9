// What is known about miners, as data: one table for each kind of fact, each entry with the place
// that its fact comes from (a program's own documentation or source, a pool's own site). The
// judgement is code, in operator/detect/miners. Compiled in and checked by
// tests/detect/miners/signatures_test.cc; users add their own through
// SecurityPolicy.spec.miners.signatures. Constant; safe from any thread.
#pragma once

#include <span>
#include <string_view>

namespace firebreak::detect {

struct MinerSignature {
  std::string_view word;    // lower case
  std::string_view source;  // where the fact can be looked up
};

// URL schemes that only miners and their proxies speak; compared before "://".
std::span<const MinerSignature> minerSchemes();
// Registrable domains of mining pools: a host matches where it is the domain or ends with "." + it.
std::span<const MinerSignature> minerPools();
// Values of -a, --algo, "algo" that name proof-of-work algorithms and nothing else. An entry that
// ends with '/' is the beginning of a family ("rx/": rx/0, rx/wow, ...).
std::span<const MinerSignature> minerAlgorithms();
// Command-line flags that no other program is known to take.
std::span<const MinerSignature> minerFlags();
// Programs, by the base name of the executable, without version suffix and extension.
std::span<const MinerSignature> minerPrograms();
// Programs that only malware is called: droppers that bring a miner, and miners under a name of theirs.
std::span<const MinerSignature> minerMalware();
// Images of miners as they are published, without registry and tag: run as they are, they mine.
std::span<const MinerSignature> minerRepositories();
// Words of image names, between characters that are neither letters nor digits.
std::span<const MinerSignature> minerImages();
// Words of the URL or package name from which miners are downloaded.
std::span<const MinerSignature> minerDownloads();
// Environment variables by which images of miners are configured; they count only by their value.
std::span<const MinerSignature> minerVariables();
// Base names of files that miners read without being told to.
std::span<const MinerSignature> minerConfigFiles();
// Programs that handle text or names without running them: a defender's grep is not a miner.
std::span<const MinerSignature> textTools();
// Names of node infrastructure behind which miners' DaemonSets hide; with the registries of the
// real.
std::span<const MinerSignature> infrastructureNames();
std::span<const MinerSignature> trustedRegistries();

}  // namespace firebreak::detect
