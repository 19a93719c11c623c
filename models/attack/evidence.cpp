#include "attack/evidence.h"

#include <algorithm>
#include <stdexcept>

namespace coffer {

namespace {

/// So much of a secret is no accident.
constexpr std::size_t telling_bytes = 16;

}  // namespace

std::string_view to_string(AttackOutcome outcome) {
    switch (outcome) {
        case AttackOutcome::leaked: return "leaked";
        case AttackOutcome::corrupted: return "corrupted";
        case AttackOutcome::prevented: return "prevented";
        case AttackOutcome::detected: return "detected";
        case AttackOutcome::not_applicable: return "n/a";
    }
    return "";
}

Evidence::Evidence(Bytes secret) : secret_(std::move(secret)) {
    if (secret_.size() < telling_bytes) throw std::logic_error("a secret that could be guessed");
}

bool Evidence::holds_secret(ByteView bytes) const {
    for (std::size_t at = 0; at + telling_bytes <= secret_.size(); at += telling_bytes)
        if (std::search(bytes.begin(), bytes.end(), secret_.begin() + static_cast<std::ptrdiff_t>(at),
                        secret_.begin() + static_cast<std::ptrdiff_t>(at + telling_bytes)) != bytes.end())
            return true;
    return false;
}

void Evidence::obtained(ByteView bytes) {
    obtained_ = true;
    leaked_ = leaked_ || holds_secret(bytes);
}

void Evidence::victim_loaded(const std::optional<Bytes>& loaded, ByteView written) {
    looked_ = true;
    if (loaded && !std::equal(loaded->begin(), loaded->end(), written.begin(), written.end())) corrupted_ = true;
}

void Evidence::refused(std::string_view answer) {
    if (!refusal_) refusal_ = answer;
}

void Evidence::not_applicable(std::string_view reason) { not_applicable_ = reason; }

AttackResult Evidence::judge(AttackAim aim, Vmid victim, const std::vector<Violation>& raised) const {
    if (not_applicable_) return {AttackOutcome::not_applicable, *not_applicable_};
    if (!looked_) throw std::logic_error("nobody looked at what the victim has");
    if (aim == AttackAim::secret && !obtained_ && !refusal_) throw std::logic_error("the attacker has neither got bytes nor been refused");
    if (leaked_) return {AttackOutcome::leaked, "plaintext"};
    if (corrupted_) return {AttackOutcome::corrupted, "other data"};
    const auto violation = std::find_if(raised.begin(), raised.end(), [victim](const Violation& v) { return v.vmid == victim; });
    if (violation != raised.end()) return {AttackOutcome::detected, std::string(to_string(violation->check))};
    if (refusal_) return {AttackOutcome::prevented, *refusal_};
    return {AttackOutcome::prevented, aim == AttackAim::secret ? "no plaintext" : "no effect"};
}

}  // namespace coffer
