#include "common/violation_log.h"

namespace coffer {

Violation ViolationLog::raise(const Violation& violation) {
    ++count_;
    last_ = violation;
    if (violations_.size() < kept) violations_.push_back(violation);
    // The chip's own domain is stopped in any case: an entry that it could not write back would give way to an older one.
    if (on_violation_ == OnViolation::freeze || violation.vmid == chip_vmid) frozen_.insert(violation.vmid);
    return violation;
}

Violation ViolationLog::raise_and_stop(const Violation& violation) {
    frozen_.insert(violation.vmid);
    return raise(violation);
}

}  // namespace coffer
