"""How far a preview's figures may be believed, in words. Pure."""

from enum import StrEnum


class Note(StrEnum):
    NOT_COUNTED = "Auth has not counted the accounts of this region yet: it does so soon after they are there."
    COUNTED = "Accounts stand as they did at counted_at; who came, went or changed since is not in it."
    BY_RAMP = "challenged is counted by the region's own ramp: exact for that moment where off_by is 0."
    EVENLY = (
        "The region has no ramp yet, so accounts are taken as evenly spread over it:"
        " one estimate in 370 is farther off than off_by."
    )
    SUPPRESSED = (
        "suppressed is an estimate: spread evenly, and with accounts that are exempt by now or have another address."
    )
    NO_LOGINS = "No login that this region decides was counted in the last 30 days: codes cannot be foretold."
    LOGINS = (
        "Codes are the logins of the busiest hour as they were, one code each: resends come on top, and trusted devices"
        " will make them fewer. busiest_minute allows for chance, not for a shift that begins at nine."
    )
    NO_PROVIDER = "No limit of a provider was observed yet."
    ALONE = "fits looks at this region alone: what else the providers send comes on top."
