// What an answer says about a console: open, locked, another product, or nothing. Pure.
#pragma once

#include <string>
#include <vector>

#include "detect/dashboards/probe_answer.h"
#include "detect/dashboards/product.h"

namespace firebreak::detect {

enum class Verdict {
  kOpen,            // the product's own answer came without any credential
  kLocked,          // it asked to log in, or refused
  kNotThisProduct,  // something else answers there
  kUnknown,         // no answer, or one that says nothing
};

// `proof` is the answer to one of the product's proof paths, `control` the one to that proof's made-up
// path, asked right after it through the same path.
Verdict judge(const Product& product, const ProbeAnswer& proof, const ProbeAnswer& control);

// To another place of whatever origin; "not modified" is none.
bool isRedirect(const ProbeAnswer& answer);

// A Location that asks to log in: it is named so, as an identity provider's is. One that only changes the
// scheme or adds a slash says nothing.
bool leadsToLogin(const std::string& location);

// The product's strongest proof that this answer fulfils; null where it fulfils none. Several proofs
// may ask for the same path and read more or less from its answer.
const ProofRequest* fulfilledProof(const Product& product, const ProbeAnswer& answer);

// The answer asks to log in: 401, 403, a redirect to a login page or to another host, or the
// product's own login answer.
bool asksToLogIn(const Product& product, const ProbeAnswer& answer);

// Which of the products answers: for images that nobody knows. `answers` are those to proof paths.
// Null where none does, or where a made-up path gets the same answer.
const Product* identify(const std::vector<const Product*>& products,
                        const std::vector<ProbeAnswer>& answers, const ProbeAnswer& control);

const char* toString(Verdict verdict);  // "Open"

}  // namespace firebreak::detect
