#include "common/violation_log.h"

namespace coffer {

Violation ViolationLog::raise(const Violation& violation) {
    ++count_;
    last_ = violation;
    if (violations_.size() < kept) violations_.push_back(violation);
    if (on_violation_ == OnViolation::freeze) frozen_.insert(violation.vmid);
    return violation;
}

}  // namespace coffer
