#include "detect/miners/judge_container.h"

#include <algorithm>
#include <array>

#include "detect/miners/block_words.h"
#include "detect/miners/encoded_text.h"
#include "detect/miners/installed_scripts.h"
#include "detect/miners/miner_config.h"
#include "detect/signatures/miners.h"

namespace firebreak::detect {
namespace {

constexpr std::array<std::string_view, 6> kCopiers = {"cp", "mv", "ln", "install", "rsync", "cd"};

bool isListed(std::span<const MinerSignature> table, std::string_view word) {
  return std::any_of(table.begin(), table.end(),
                     [&](const MinerSignature& entry) { return entry.word == word; });
}

std::string_view baseName(std::string_view path) { return path.substr(path.find_last_of('/') + 1); }

std::string_view folderOf(std::string_view path) {
  size_t slash = path.find_last_of('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

// "registry:5000/team/xmrig:6.21@sha256:.." -> "registry:5000/team/xmrig"
std::string_view withoutTag(std::string_view image) {
  image = image.substr(0, image.find('@'));
  size_t colon = image.rfind(':');
  size_t slash = image.rfind('/');
  bool tag = colon != std::string_view::npos && (slash == std::string_view::npos || colon > slash);
  return tag ? image.substr(0, colon) : image;
}

// The miner that an image is called after; nothing where it only deals with one.
std::string_view minerWordOf(std::string_view image) {
  static constexpr std::array<std::string_view, 20> kAbout = {
      "exporter", "monitor",  "monitoring", "dashboard", "detector", "detection", "scanner",
      "blocker",  "killer",   "hunter",     "stats",     "ui",       "web",       "docs",
      "rules",    "frontend", "metrics",    "operator",  "mock",     "simulator"};
  std::string_view name = baseName(image);
  bool about = std::any_of(kAbout.begin(), kAbout.end(),
                           [&](std::string_view word) { return containsWord(name, word); });
  if (about) return {};
  for (const MinerSignature& entry : minerImages()) {
    if (containsWord(name, entry.word)) return entry.word;
  }
  return {};
}

// The container's whole command line and where each word of it stands.
struct CommandLine {
  std::vector<std::string> words;
  size_t commandWords = 0;
  std::string base;  // field path of the container

  std::string pathOf(size_t word) const {
    bool command = word < commandWords;
    size_t index = command ? word : word - commandWords;
    return base + (command ? ".command[" : ".args[") + std::to_string(index) + ']';
  }
};

CommandLine commandLineOf(const MinerInput& input, const Container& container,
                          const Variables& variables) {
  CommandLine line;
  line.base = input.specPath + '.' + container.fieldPath;
  for (const std::string& word : container.command) {
    line.words.push_back(expandKubernetes(word, variables));
  }
  line.commandWords = line.words.size();
  for (const std::string& word : container.args) {
    line.words.push_back(expandKubernetes(word, variables));
  }
  return line;
}

CommandReader readCommand(const CommandLine& line, const ContainerWorld& world) {
  CommandReader reader(world.variables, [&world](std::string_view path) {
    const MountedFile* file = world.file(path);
    return file == nullptr ? std::nullopt : std::optional<std::string>(file->text);
  });
  reader.read(line.words, line.commandWords == 0);
  return reader;
}

// Arguments that a miner's image hands to its miner.
bool feedsTheImagesMiner(const Container& container, const CommandLine& line) {
  if (line.commandWords > 0 || line.words.empty() || !line.words[0].starts_with('-')) return false;
  if (minerWordOf(toLower(withoutTag(container.image))).empty()) return false;
  return line.words.size() > 1 || line.words[0].find('=') != std::string::npos;
}

void judgeCommands(const MinerInput& input, const Container& container, const CommandLine& line,
                   const ContainerWorld& world, const CommandReader& reader, Scorecard* card) {
  scoreInvocations(
      reader, input.extra, [&](size_t word) { return line.pathOf(word); }, card,
      container.role == Container::Role::kInit);
  if (feedsTheImagesMiner(container, line)) {
    card->add("miner-program", weight::kStrong, "passes arguments to the miner of its image",
              line.pathOf(0));
  }
  for (const ExecHook& hook : container.hooks) {
    CommandLine command;
    for (const std::string& word : hook.command) {
      command.words.push_back(expandKubernetes(word, world.variables));
    }
    command.commandWords = command.words.size();
    CommandReader hooked = readCommand(command, world);
    std::string path = line.base + '.' + hook.fieldPath;
    scoreInvocations(
        hooked, input.extra,
        [&](size_t word) { return path + '[' + std::to_string(word) + ']'; }, card);
  }
}

// Scripts that an image's entrypoint, cron or init runs because of where they are mounted.
void judgeAutorun(const MinerInput& input, const ContainerWorld& world, const std::string& base,
                  Scorecard* card) {
  static constexpr std::array<std::string_view, 5> kFolders = {
      "/docker-entrypoint.d", "/docker-entrypoint-init.d", "/docker-entrypoint-initdb.d",
      "/etc/cont-init.d", "/custom-cont-init.d"};
  for (const MountedFile& file : world.files) {
    bool folder = std::any_of(kFolders.begin(), kFolders.end(), [&](std::string_view name) {
      return folderOf(file.path) == name;
    });
    bool entrypoint = baseName(file.path).find("entrypoint") != std::string_view::npos;
    std::string installed = installedScript(file.path, file.text);
    bool whole = folder || (entrypoint && file.text.starts_with("#!"));
    if (installed.empty() && !whole) continue;
    CommandReader reader(world.variables, nullptr);
    reader.read({"sh", "-c", installed.empty() ? file.text : installed}, false);
    std::string path = base + '.' + file.fieldPath;
    scoreInvocations(
        reader, input.extra, [&](size_t) { return path; }, card);
  }
}

// Folders whose files are served or compared, not read as settings.
bool isForShow(std::string_view path) {
  static constexpr std::array<std::string_view, 9> kParts = {
      "/html", "/www", "/public", "/static", "/docs", "/sample", "/rules", "/testdata", "/examples"};
  return std::any_of(kParts.begin(), kParts.end(), [&](std::string_view part) {
    return path.find(part) != std::string_view::npos;
  });
}

// True where the command line names the file, or a miner would read it without being told to.
bool isUsed(const MountedFile& file, const CommandReader& reader, const Container& container) {
  bool defaultName = isListed(minerConfigFiles(), baseName(file.path));
  for (const Invocation& invocation : reader.invocations()) {
    if (invocation.words.empty()) continue;
    std::string program = programName(invocation.words[0]);
    bool copies = std::find(kCopiers.begin(), kCopiers.end(), program) != kCopiers.end();
    if (isListed(textTools(), program)) continue;
    if (isMinerProgram(program) && defaultName) return true;
    if (defaultName && folderOf(invocation.words[0]) == folderOf(file.path) &&
        invocation.words[0].starts_with('/')) {
      return true;
    }
    for (const std::string& word : invocation.words) {
      if (word == file.path || word.ends_with('=' + file.path)) return true;
      std::string_view folder = folderOf(file.path);
      if (copies && !folder.empty() && word.starts_with(folder)) return true;
    }
  }
  if (!defaultName || isForShow(file.path)) return false;
  bool marked = toLower(file.path).find("xmrig") != std::string::npos;
  bool ownProgram =
      container.command.empty() && (container.args.empty() || container.args[0].starts_with('-'));
  return marked || ownProgram;
}

void judgeFiles(const ContainerWorld& world, const CommandReader& reader,
                const Container& container, const std::string& base, Scorecard* card) {
  for (const MountedFile& file : world.files) {
    auto config = parseMinerConfig(file.text);
    if (!config || !isUsed(file, reader, container)) continue;
    card->add("miner-config", weight::kProof,
              "uses a miner's configuration, " + file.path + " (" + config->format + ", " +
                  config->mark + ")",
              base + '.' + file.fieldPath);
  }
}

void judgeVariable(const EnvValue& var, const std::string& base, const MinerSignatures& extra,
                   Scorecard* card) {
  std::string name = toLower(var.name);
  if (namesABlockList(name) || isProse(var.value)) return;
  std::string path = base + '.' + var.fieldPath;
  std::string subject = "the variable " + var.name;
  Scorecard own;
  scoreValue(var.value, subject, path, extra, &own);
  if (var.value.find_first_of(" \n") != std::string::npos) {  // a command line for the entrypoint
    CommandReader reader({}, nullptr);
    reader.read({"sh", "-c", var.value.starts_with('-') ? "_ " + var.value : var.value}, false);
    scoreInvocations(
        reader, extra, [&](size_t) { return path; }, &own);
  }
  for (const std::string& text : encodedTexts(var.value)) {
    scoreValue(text, subject + " (encoded)", path, extra, &own);
    if (auto config = parseMinerConfig(text)) {
      own.add("miner-config", weight::kProof,
              subject + " holds a miner's configuration (" + config->format + ')', path);
    }
  }
  if (auto config = parseMinerConfig(var.value)) {
    own.add("miner-config", weight::kProof,
            subject + " holds a miner's configuration (" + config->format + ')', path);
  }
  // A wallet alone stands in shops too: there the name has to speak of mining.
  static constexpr std::array<std::string_view, 6> kMining = {"miner", "mining", "mine_", "xmrig",
                                                              "pool",  "stratum"};
  bool mining = std::any_of(kMining.begin(), kMining.end(), [&](std::string_view word) {
    return name.find(word) != std::string::npos;
  });
  bool algorithm = name == "algo" || name == "algorithm" ||
                   (mining && (name.ends_with("algo") || name.ends_with("algorithm")));
  if (algorithm && isMinerAlgorithm(var.value)) {
    own.add("miner-algorithm", weight::kMedium, subject + " asks for " + var.value, path);
  }
  bool told = own.has("stratum-url") || own.has("pool-domain") || (own.has("wallet") && mining);
  if (told && isListed(minerVariables(), name)) {
    card->add("environment-contract", weight::kSupport,
              subject + " is one by which miners' images are configured", path);
  }
  card->merge(own);
}

bool asksForHelp(const std::vector<std::string>& args) {
  return args.size() == 1 && (args[0] == "--help" || args[0] == "--version" || args[0] == "-h" ||
                              args[0] == "-V");
}

void judgeImage(const MinerInput& input, const Container& container, const std::string& base,
                Scorecard* card) {
  std::string image = toLower(withoutTag(container.image));
  for (const std::string& listed : input.extra.images) {
    if (!listed.empty() && (toLower(listed) == image || listed == container.image)) {
      card->add("policy-image", weight::kNearProof,
                "the image " + listed + " is a miner by the policy", base + ".image");
    }
  }
  // Also a tag tells: "tools:xmrig-6.21".
  const std::string named = toLower(container.image.substr(0, container.image.find('@')));
  if (std::string_view word = minerWordOf(named); !word.empty()) {
    card->add("miner-image", weight::kMedium, "the image is called " + std::string(word),
              base + ".image");
  }
  bool own = container.command.empty() && (container.args.empty() || container.args[0].starts_with('-'));
  bool published = std::any_of(minerRepositories().begin(), minerRepositories().end(), [&](const auto& entry) {
    return image == entry.word || image == "docker.io/" + std::string(entry.word);
  });
  if (own && published && !asksForHelp(container.args)) {
    card->add("known-image", weight::kNearProof, "runs the published miner " + image + " as it is",
              base + ".image");
  }
  bool pause = baseName(image) == "pause" && !container.command.empty() &&
               programName(container.command[0]) != "pause";
  if (pause) {
    card->add("pause-with-command", weight::kSupport, "a pause image is given a command",
              base + ".command");
  }
}

// Only beside other evidence: what the pod may do to the node, what it pretends to be.
void judgePlace(const MinerInput& input, const Container& container, const std::string& base,
                Scorecard* card) {
  bool other = card->score() > 0;  // what the place says must not add up to a finding by itself
  for (size_t i = 0; i < container.mounts.size() && container.privileged; ++i) {
    for (const Volume& volume : input.spec->volumes) {
      if (volume.name != container.mounts[i].volume) continue;
      for (const VolumeSource& source : volume.sources) {
        bool msr = source.kind == VolumeSource::Kind::kHostPath &&
                   (source.name == "/dev/cpu" || source.name.starts_with("/dev/cpu/"));
        if (!msr) continue;
        card->add("msr-access", weight::kSupport,
                  "is privileged and mounts " + source.name + " (machine-specific registers)",
                  base + ".volumeMounts[" + std::to_string(i) + ']');
      }
    }
  }
  bool daemonSet = input.workload.kind == "DaemonSet" || input.controller.kind == "DaemonSet";
  if (!daemonSet || !other) return;
  const std::string& name =
      input.workload.kind == "DaemonSet" ? input.workload.name : input.controller.name;
  auto registries = trustedRegistries();
  bool trusted = std::any_of(
      registries.begin(), registries.end(),
      [&](const MinerSignature& entry) { return container.image.starts_with(entry.word); });
  for (const MinerSignature& entry : infrastructureNames()) {
    if (trusted || !containsWord(name, entry.word)) continue;
    card->add("disguised-daemonset", weight::kAdds,
              "a DaemonSet called like " + std::string(entry.word) + " with a foreign image",
              base + ".image");
  }
}

}  // namespace

Scorecard judgeContainer(const MinerInput& input, const Container& container) {
  ContainerWorld world =
      worldOf(*input.spec, container, input.workload.ns, input.configMap, input.secret);
  CommandLine line = commandLineOf(input, container, world.variables);
  CommandReader reader = readCommand(line, world);
  Scorecard card;
  judgeCommands(input, container, line, world, reader, &card);
  judgeAutorun(input, world, line.base, &card);
  for (const EnvValue& var : world.env) judgeVariable(var, line.base, input.extra, &card);
  judgeFiles(world, reader, container, line.base, &card);
  judgeImage(input, container, line.base, &card);
  judgePlace(input, container, line.base, &card);
  weighWallet(&card);
  return card;
}

int ownEvidence(const MinerInput& input, const Container& container) {
  ContainerWorld world =
      worldOf(*input.spec, container, input.workload.ns, input.settledConfigMap, nullptr);
  CommandLine line = commandLineOf(input, container, world.variables);
  CommandReader reader = readCommand(line, world);
  Scorecard card;
  judgeCommands(input, container, line, world, reader, &card);
  judgeFiles(world, reader, container, line.base, &card);
  weighWallet(&card);
  Scorecard image;
  judgeImage(input, container, line.base, &image);
  if (image.has("policy-image") || image.has("known-image")) return image.score();
  return card.score();
}

}  // namespace firebreak::detect
