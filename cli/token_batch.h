// `token issue --batch`: a token for each row of a CSV file. All rows are looked at
// before the first token is written; signing runs on all cores, output stays in order.
#pragma once

#include <string>

#include "cli/claim_plan.h"
#include "cli/token_signer.h"

namespace sallyport::cli {

enum class BatchFormat { csv, jsonl };

// To standard output. The exit code; faults are printed.
int issue_batch(const std::string& path, BatchFormat format, const ClaimSources& claims, const TokenSigner& signer,
                UnixSeconds now);

}  // namespace sallyport::cli
