#include "remediate/rotate/source_rotators.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <memory>

#include "base/digest.h"
#include "base/time_format.h"
#include "remediate/rotate/staged_steps.h"

namespace firebreak::rotate {
namespace {

using Effect = Observation::Effect;

// --- the objects that the Secrets come from ------------------------------------------------------

std::string certificateOf(const Json& secret) {
  return stringOr(member(secret, {"metadata", "annotations", "cert-manager.io/certificate-name"}));
}

std::string externalSecretOf(const Json& secret) {
  for (const Json& owner : member(secret, {"metadata", "ownerReferences"})) {
    if (stringOr(member(owner, "kind")) == "ExternalSecret" &&
        stringOr(member(owner, "apiVersion")).starts_with("external-secrets.io/")) {
      return stringOr(member(owner, "name"));
    }
  }
  return "";
}

std::string unfitCertificate(const Json& certificate) {
  if (boolOr(member(certificate, {"spec", "isCA"}), false)) {
    return "is a CA: what it signed would not be trusted any more. Make a new CA beside it, have "
           "everybody trust both, and only then issue anew";
  }
  std::string policy =
      stringOr(member(certificate, {"spec", "privateKey", "rotationPolicy"}));
  if (policy != "Always") {
    return "has " + (policy.empty() ? "no rotationPolicy" : "rotationPolicy " + policy) +
           ", so that a renewal may keep the exposed key: set spec.privateKey.rotationPolicy: "
           "Always where its manifest comes from";
  }
  return "";
}

// The controller brings a value once and never again, whatever asks for it.
std::string unfitExternalSecret(const Json& source) {
  std::string policy = stringOr(member(source, {"spec", "refreshPolicy"}), "Periodic");
  std::string interval = stringOr(member(source, {"spec", "refreshInterval"}), "1h0m0s");
  bool isZero = interval.find_first_of("123456789") == std::string::npos;
  if (policy != "CreatedOnce" && !(policy == "Periodic" && isZero)) return "";
  return "has refreshPolicy " + policy + (policy == "Periodic" ? " and refreshInterval 0" : "") +
         ", so that External Secrets never brings another value: set spec.refreshPolicy: OnChange "
         "where its manifest comes from";
}

const ApiKind& certificateKind() {
  static const ApiKind kKind{"cert-manager.io", "v1", "certificates", "Certificate"};
  return kKind;
}

const ApiKind& externalSecretKind() {
  static const ApiKind kKind{"external-secrets.io", "v1", "externalsecrets", "ExternalSecret"};
  return kKind;
}

constexpr Source kSources[] = {
    {"TLS", certificateKind, unfitCertificate, "renew it then"},
    {"ExternalSecret", externalSecretKind, unfitExternalSecret,
     "rotate the value in the external store then"},
};

// --- what both do --------------------------------------------------------------------------------

// The object that the Secret comes from, as the plan found it.
std::string sourceNameOf(const Rotation& rotation) {
  return stringOr(member(rotation.parameters, "source"));
}

tl::unexpected<Error> noCluster() {
  return fail(ErrorCode::kInternal, "there is no way to reach the object that the Secret comes from");
}

// Nothing is staged beside the previous value: the next one is the source's.
Status stagePrevious(const Rotation& rotation, RotationContext& context) {
  return stageValues(rotation, context,
                     [](const StoredSecret&) -> Result<StagedNext> { return StagedNext{}; });
}

// From here on the Secret says that this rotation is under way: also when nothing is staged any more.
Status noteBegun(const Rotation& rotation, RotationContext& context, const StagedWorld& world) {
  if (markOf(world.secret, rotation) == Mark::kWritten) return {};
  auto noted = context.secrets.patch(
      rotation.ns, rotation.secret,
      {world.secret.meta.uid, world.secret.meta.resourceVersion}, {},
      {{std::string(kRemediationAnnotation), rotation.remediation},
       {std::string(kRotationAnnotation), markText(Mark::kWritten, rotation)}});
  return noted ? Status() : Status(tl::unexpected(noted.error()));
}

// Neither this nor the stage can be told from what is staged: there is no next value.
Result<Observation> observeStaged(const Rotation& rotation, RotationContext& context) {
  auto world = lookStaged(rotation, context);
  if (!world) return tl::unexpected(world.error());
  if (*world) return Observation{Effect::kPresent, ""};
  auto all = look(rotation, context);
  if (!all) return tl::unexpected(all.error());
  if (markOf(all->secret, rotation) != Mark::kWritten) return Observation{};
  return Observation{Effect::kPresent, givenUpText(rotation)};
}

Status cannotGoBack(const Rotation& rotation, RotationContext&) {
  return fail(ErrorCode::kInvalid, "Secret " + rotation.ns + "/" + rotation.secret +
                                       " is written by its source, which does not keep the old value");
}

// --- TLS: cert-manager ---------------------------------------------------------------------------

struct PublicKey {
  std::string digest;  // of the public key, which is no secret
  std::string expires;
  std::string serial;
};

std::string bioText(const std::unique_ptr<BIO, decltype(&BIO_free)>& bio) {
  char* data = nullptr;
  long size = BIO_get_mem_data(bio.get(), &data);
  return size > 0 ? std::string(data, static_cast<size_t>(size)) : "";
}

std::optional<PublicKey> publicKeyOf(const SecretValue& pem) {
  std::unique_ptr<BIO, decltype(&BIO_free)> in(
      BIO_new_mem_buf(pem.bytes().data(), static_cast<int>(pem.size())), &BIO_free);
  std::unique_ptr<X509, decltype(&X509_free)> certificate(
      in ? PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr) : nullptr, &X509_free);
  if (!certificate) return std::nullopt;
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  if (X509_pubkey_digest(certificate.get(), EVP_sha256(), digest, &size) != 1) return std::nullopt;
  PublicKey key;
  key.digest = hexEncode(std::string(reinterpret_cast<char*>(digest), size));
  std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_mem()), &BIO_free);
  if (out && ASN1_TIME_print(out.get(), X509_get0_notAfter(certificate.get())) == 1) {
    key.expires = bioText(out);
  }
  std::unique_ptr<BIO, decltype(&BIO_free)> number(BIO_new(BIO_s_mem()), &BIO_free);
  if (number && i2a_ASN1_INTEGER(number.get(), X509_get0_serialNumber(certificate.get())) > 0) {
    key.serial = bioText(number);
  }
  return key;
}

std::optional<PublicKey> publicKeyIn(const StoredSecret& secret, const std::string& key) {
  auto pem = secret.data.find(key);
  return pem == secret.data.end() ? std::nullopt : publicKeyOf(pem->second);
}

constexpr const char* kCertificateKey = "tls.crt";

// The exposed key is another one already.
Result<Observation> observeRenewal(const Rotation& rotation, RotationContext& context) {
  auto world = lookStaged(rotation, context);
  if (!world) return tl::unexpected(world.error());
  if (!*world) return Observation{Effect::kPresent, givenUpText(rotation)};
  auto old = publicKeyIn(*(*world)->staging, previousKey(kCertificateKey));
  auto now = publicKeyIn((*world)->secret, kCertificateKey);
  if (!old || !now) return Observation{};
  if (old->digest == now->digest) return Observation{};
  return Observation{Effect::kPresent,
                     "the certificate is for another public key; the old one (serial " +
                         old->serial + ") stays valid until " + old->expires +
                         " unless the CA revokes it"};
}

// As `cmctl renew` does: the condition Issuing of the Certificate's status.
Status renew(const Rotation& rotation, RotationContext& context) {
  auto world = lookStaged(rotation, context);
  if (!world) return tl::unexpected(world.error());
  if (!*world) return {};
  if (context.cluster == nullptr) return noCluster();
  const std::string name = sourceNameOf(rotation);
  auto certificate = context.cluster->get(certificateKind(), rotation.ns, name);
  if (!certificate) return tl::unexpected(certificate.error());
  std::string unfit = unfitCertificate(*certificate);
  if (!unfit.empty()) return fail(ErrorCode::kInternal, "Certificate " + name + " " + unfit);
  Status noted = noteBegun(rotation, context, **world);
  if (!noted) return noted;
  Json conditions = Json::array();
  bool issuing = false;
  for (const Json& condition : member(*certificate, {"status", "conditions"})) {
    bool isIssuing = stringOr(member(condition, "type")) == "Issuing";
    issuing = issuing || (isIssuing && stringOr(member(condition, "status")) == "True");
    if (!isIssuing) conditions.push_back(condition);
  }
  if (!issuing) {
    conditions.push_back({{"type", "Issuing"},
                          {"status", "True"},
                          {"reason", "ManuallyTriggered"},
                          {"message", "Certificate re-issuance manually triggered"},
                          {"lastTransitionTime", formatTime(context.clock.wall())},
                          {"observedGeneration",
                           intOr(member(*certificate, {"metadata", "generation"}), 0)}});
    Status asked = context.cluster->merge(
        certificateKind(), rotation.ns, name, "status",
        {{"metadata",
          {{"resourceVersion", member(*certificate, {"metadata", "resourceVersion"})}}},
         {"status", {{"conditions", conditions}}}});
    if (!asked) return asked;
  }
  auto seen = observeRenewal(rotation, context);
  if (!seen) return tl::unexpected(seen.error());
  if (seen->effect == Effect::kPresent) return {};
  return fail(ErrorCode::kUnavailable, "cert-manager has not issued Certificate " + name +
                                           " for another key yet");
}

constexpr Operation kCertificateOperations[] = {
    {"stage", stagePrevious, observeStaged, undoStage},
    {"renew", renew, observeRenewal, cannotGoBack},
    {"remove-staging", finish, observeFinish, cannotUndo},
};

// --- ExternalSecret ------------------------------------------------------------------------------

Result<Observation> observeSync(const Rotation& rotation, RotationContext& context) {
  auto world = lookStaged(rotation, context);
  if (!world) return tl::unexpected(world.error());
  if (!*world) return Observation{Effect::kPresent, givenUpText(rotation)};
  // Each key on its own: an exposed one that stays the same was not rotated.
  for (const std::string& key : rotation.keys) {
    Rotation one = rotation;
    one.keys = {key};
    if (compare((*world)->secret, *(*world)->staging, one, context.random) == Holds::kPrevious) {
      return Observation{};
    }
  }
  return Observation{Effect::kPresent,
                     "External Secrets brought another value; revoke the old one at its issuer"};
}

Status sync(const Rotation& rotation, RotationContext& context) {
  auto world = lookStaged(rotation, context);
  if (!world) return tl::unexpected(world.error());
  if (!*world) return {};
  if (context.cluster == nullptr) return noCluster();
  Status noted = noteBegun(rotation, context, **world);
  if (!noted) return noted;
  const std::string name = sourceNameOf(rotation);
  // Each time another value, or a second request would be none.
  std::string at = rotation.id + "-" + formatTime(context.clock.wall());
  Status asked = context.cluster->merge(externalSecretKind(), rotation.ns, name, "",
                                        {{"metadata", {{"annotations", {{"force-sync", at}}}}}});
  if (!asked) return asked;
  auto seen = observeSync(rotation, context);
  if (!seen) return tl::unexpected(seen.error());
  if (seen->effect == Effect::kPresent) return {};
  return fail(ErrorCode::kUnavailable,
              "ExternalSecret " + name + " was asked to sync, and its store still has the exposed "
                                         "value: rotate it there");
}

constexpr Operation kExternalOperations[] = {
    {"stage", stagePrevious, observeStaged, undoStage},
    {"sync", sync, observeSync, cannotGoBack},
    {"remove-staging", finish, observeFinish, cannotUndo},
};

constexpr std::string_view kNoWayBack =
    "there is no way back: the source does not keep the old value, and whether the old one is still "
    "accepted outside is not known";

}  // namespace

const Rotator& certificateRotator() {
  static const TableRotator kRotator("TLS",
                                    {.writes = "renew",
                                     .secretType = "kubernetes.io/tls",
                                     .keys = {"tls.crt", "tls.key"},
                                     .sourceOf = certificateOf,
                                     .caveat = kNoWayBack},
                                    kCertificateOperations);
  return kRotator;
}

const Rotator& externalSecretRotator() {
  static const TableRotator kRotator(
      "ExternalSecret",
      {.writes = "sync", .secretType = "*", .sourceOf = externalSecretOf, .caveat = kNoWayBack},
      kExternalOperations);
  return kRotator;
}

const Source* sourceOfType(std::string_view type) {
  for (const Source& source : kSources) {
    if (source.type == type) return &source;
  }
  return nullptr;
}

}  // namespace firebreak::rotate
