#include "detect/dashboards/judge.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "detect/dashboards/answer_shape.h"

namespace firebreak::detect {
namespace {

bool sameAnswer(const ProbeAnswer& a, const ProbeAnswer& b) {
  return a.status == b.status && a.body == b.body;
}

}  // namespace

bool leadsToLogin(const std::string& location) {
  // "sso" alone stands in "lessons" too.
  constexpr std::array<std::string_view, 12> kWords = {
      "/auth", "login", "signin", "sign_in", "sign-in", "oauth",
      "authorize", "/sso", "sso.", "sso=", "saml", "openid"};
  return std::any_of(kWords.begin(), kWords.end(),
                     [&](std::string_view word) { return containsText(location, word); });
}

bool isRedirect(const ProbeAnswer& answer) {
  return answer.status >= 300 && answer.status < 400 && answer.status != 304;
}

const ProofRequest* fulfilledProof(const Product& product, const ProbeAnswer& answer) {
  auto found = std::find_if(product.proofs.begin(), product.proofs.end(),
                            [&](const ProofRequest& proof) {
                              return proof.path == answer.path && matches(proof.open, answer);
                            });
  return found == product.proofs.end() ? nullptr : &*found;
}

bool asksToLogIn(const Product& product, const ProbeAnswer& answer) {
  if (answer.outcome != ProbeAnswer::Outcome::kAnswered) return false;
  if (answer.status == 401 || answer.status == 403 || answer.status == 407) return true;
  if (isRedirect(answer) && leadsToLogin(answer.location)) return true;
  return std::any_of(product.login.begin(), product.login.end(),
                     [&](const AnswerShape& shape) { return matches(shape, answer); });
}

Verdict judge(const Product& product, const ProbeAnswer& proof, const ProbeAnswer& control) {
  if (proof.outcome != ProbeAnswer::Outcome::kAnswered) return Verdict::kUnknown;
  const bool asked = std::any_of(product.proofs.begin(), product.proofs.end(),
                                 [&](const ProofRequest& p) { return p.path == proof.path; });
  if (!asked) return Verdict::kUnknown;
  if (asksToLogIn(product, proof)) return Verdict::kLocked;
  const ProofRequest* request = fulfilledProof(product, proof);
  if (request == nullptr) {
    // A server's trouble and a redirect within the host say nothing; any other answer is another's.
    const bool silent = proof.status >= 500 || proof.status == 429 || isRedirect(proof);
    return silent ? Verdict::kUnknown : Verdict::kNotThisProduct;
  }
  if (control.outcome != ProbeAnswer::Outcome::kAnswered) return Verdict::kUnknown;
  if (matches(request->open, control) || sameAnswer(proof, control)) {
    return Verdict::kNotThisProduct;
  }
  return Verdict::kOpen;
}

const Product* identify(const std::vector<const Product*>& products,
                        const std::vector<ProbeAnswer>& answers, const ProbeAnswer& control) {
  for (const Product* product : products) {
    for (const ProbeAnswer& answer : answers) {
      if (judge(*product, answer, control) == Verdict::kOpen) return product;
      // The product's own login page names it as well as an open answer does.
      const auto own = [&](const AnswerShape& shape) {
        return matches(shape, answer) && !matches(shape, control);
      };
      if (std::any_of(product->login.begin(), product->login.end(), own)) return product;
    }
  }
  return nullptr;
}

const char* toString(Verdict verdict) {
  constexpr std::array<const char*, 4> kNames = {"Open", "Locked", "NotThisProduct", "Unknown"};
  return kNames.at(static_cast<size_t>(verdict));
}

}  // namespace firebreak::detect
