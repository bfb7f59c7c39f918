// libjwt as Debian ships it: it reads and verifies; times and claims are looked at by hand, as 1.10 has no call for
// them.
#include <jwt.h>

#include <cstring>

#include "contest.h"

namespace {
bool is(jwt_t* jwt, const char* claim, const std::string& expected) {
  const char* found = jwt_get_grant(jwt, claim);
  return found && expected == found;
}
}  // namespace

int main(int argc, char** argv) {
  const contest::Task task = contest::task_of(argc, argv);
  const jwt_alg_t algorithm = jwt_str_alg(task.algorithm.c_str());
  if (task.repeat || algorithm == JWT_ALG_INVAL || algorithm == JWT_ALG_NONE) contest::cannot_do_this();
  const std::string key = task.key();
  return contest::run(task, [&](const contest::Entry& e) {
    jwt_t* jwt = nullptr;
    if (jwt_decode(&jwt, e.token.c_str(), reinterpret_cast<const unsigned char*>(key.data()),
                   static_cast<int>(key.size())) != 0)
      return false;
    const long now = std::time(nullptr), exp = jwt_get_grant_int(jwt, "exp"), nbf = jwt_get_grant_int(jwt, "nbf");
    const bool good = jwt_get_alg(jwt) == algorithm && now < exp && now >= nbf && is(jwt, "username", e.username) &&
                      is(jwt, "clientid", e.client_id);
    jwt_free(jwt);
    return good;
  });
}
