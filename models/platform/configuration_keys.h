#pragma once

#include <vector>

#include "platform/configuration.h"
#include "platform/keyed_input.h"
#include "platform/schema.h"

namespace coffer {

/// Every key of a configuration, once: what reads, checks, prints and documents it comes from these tables alone.
const std::vector<Field<Configuration>>& platform_fields();
/// Keys of an element of `vms`.
const std::vector<Field<TenantConfiguration>>& vm_fields();
/// Keys of an element of `tamper`.
const std::vector<Field<TamperConfiguration>>& tamper_fields();

/// All of them, those of elements with their list's name in front.
const KnownKeys& known_keys();

}  // namespace coffer
