#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "attack/attack_result.h"
#include "common/bytes.h"
#include "common/violation.h"

namespace coffer {

/// What an attacker is after.
enum class AttackAim : std::uint8_t {
    secret,  ///< to learn what the victim wrote
    harm,    ///< to make the victim use other data than it wrote
};

/// What happened during an attack, as bytes and answers. It alone decides the outcome: an attack cannot claim one.
class Evidence {
public:
    /// `secret`: what only the victim knows; 16 bytes or more, and no 16 of them all equal.
    explicit Evidence(Bytes secret);

    /// For another VM of the victim's owner, which has the secret, too.
    const Bytes& secret() const { return secret_; }

    /// Bytes that the attacker has now.
    void obtained(ByteView bytes);
    /// The victim's view of its own data afterwards: what its load gave, if it was answered, and what it should be.
    void victim_loaded(const std::optional<Bytes>& loaded, ByteView written);
    /// The machine took something for the victim's that its owner never made: as bad as wrong data.
    void accepted_forgery() { corrupted_ = true; }
    /// The victim is no more: there is nothing of its own to look at.
    void victim_ended() { looked_ = true; }
    /// An answer other than success to one of the attacker's steps.
    void refused(std::string_view answer);
    /// There is nothing to attack, for this reason.
    void not_applicable(std::string_view reason);

    /// `raised`: violations since the attack began. Throws std::logic_error where there is no evidence: an attacker after the secret has neither
    /// got bytes nor been refused, or nobody looked at what the victim has.
    AttackResult judge(AttackAim aim, Vmid victim, const std::vector<Violation>& raised) const;

private:
    bool holds_secret(ByteView bytes) const;

    const Bytes secret_;
    bool leaked_ = false;
    bool obtained_ = false;
    bool looked_ = false;
    bool corrupted_ = false;
    std::optional<std::string> refusal_;
    std::optional<std::string> not_applicable_;
};

}  // namespace coffer
