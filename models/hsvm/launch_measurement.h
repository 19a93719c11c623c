#pragma once

#include "common/bytes.h"
#include "crypto/sha256.h"
#include "hsvm/vm_records.h"
#include "vcpu/vcpu_context.h"

namespace coffer {

/// The measurement of a launch (docs/formats.md): image and registers, where the image lies, and what the VM was created with. An owner computes
/// the same.
crypto::Digest launch_measurement(const VmRecord& vm, Gpn first, ByteView image, const ContextBytes& context);
/// Blocks of SHA-256 that it takes.
std::uint64_t launch_measurement_blocks(std::uint64_t image_bytes);

}  // namespace coffer
