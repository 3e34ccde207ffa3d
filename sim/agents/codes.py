"""The codes that columns and tables use: channels, segments, vendor kinds, outcomes, causes."""

from enum import IntEnum


class Code(IntEnum):
    """A number with a name: it compares as the number and prints as the name, as tables have it."""

    def __str__(self) -> str:
        """The name in lower case."""
        return self.name.lower()


class Channel(Code):
    """Where a purchase is made."""

    LICENSED_PHARMACY = 0
    ILLICIT_PHARMACY = 1
    SOCIAL_APP = 2
    CRYPTOMARKET = 3
    DIRECT = 4
    STREET = 5


N_CHANNELS = len(Channel)
ABSTAIN = N_CHANNELS  # the alternative that is no channel
SEARCH = int(Channel.ILLICIT_PHARMACY)  # open search stands at the place of the illicit pharmacy in the choice


class VendorChoice(Code):
    """Rules by which buyers find a vendor: `submodels.vendor_choice` of a scenario, as those below."""

    MEMORY = 0
    LOGIT = 1
    RANDOM = 2


class Migration(Code):
    """Rules by which those go who lost their market."""

    SIZE = 0
    OVERLAP = 1
    VENDORS = 2


class Overdose(Code):
    """Forms of the chance of an overdose by dose."""

    HILL = 0
    LOGISTIC = 1


class Prices(Code):
    """Rules by which vendors set prices."""

    COST = 0
    ANCHORED = 1


class Fear(Code):
    """What the fear after a closure comes from."""

    SEEN = 0
    SHARE = 1


class RiskGroup(Code):
    """Groups of channels whose legal risk consumers learn about together."""

    OPEN_WEB = 0
    CRYPTO = 1
    OFFLINE = 2
    DIRECT = 3


class Segment(Code):
    """What a consumer looks for."""

    PATIENT = 0
    RECREATIONAL = 1
    DEPENDENT = 2
    SOCIAL_SUPPLIER = 3


class Sex(Code):
    """As a life table has it."""

    MALE = 0
    FEMALE = 1


class Considering(Code):
    """How far an illicit online source is thinkable to a consumer."""

    NOT_YET = 0
    CONSIDERS = 1
    BOUGHT = 2
    EXPERIENCED = 3  # with cryptomarkets


class Membership(Code):
    """How a consumer stands towards cryptomarkets."""

    NONE = 0
    ACTIVE = 1
    SEARCHING = 2
    LAPSED = 3


class Stage(Code):
    """Whether a consumer uses."""

    USES = 0
    STOPPED = 1
    LEAVING = 2


class LegalStatus(Code):
    """How the law of a jurisdiction stands towards a substance, from lax to strict."""

    OVER_THE_COUNTER = 0
    PRESCRIPTION = 1
    CONTROLLED = 2
    PROHIBITED = 3


class VendorKind(Code):
    """Who sells."""

    ORGANISED_CRIME = 0
    INDEPENDENT = 1
    SOCIAL_SUPPLIER = 2
    ILLICIT_PHARMACY = 3
    LICENSED_PHARMACY = 4


class PlatformStatus(Code):
    """State of a platform."""

    UNUSED = 0
    OPEN = 1
    COVERT = 2
    SEIZED = 3
    EXIT_SCAMMED = 4
    HACKED = 5
    CLOSED = 6


class ExitCause(Code):
    """Why a vendor left."""

    NONE = 0
    RETIRED = 1
    ARRESTED = 2
    SCAMMED_AND_LEFT = 3
    ROLE_ENDED = 4


class OrderOutcome(Code):
    """What became of the goods of an order."""

    IN_TRANSIT = 0
    DELIVERED = 1
    SEIZED = 2
    LOST = 3
    SCAMMED = 4


class Settlement(Code):
    """What became of the money of an order."""

    UNSETTLED = 0
    PAID = 1
    REFUNDED = 2
    CHARGED_BACK = 3
    STOLEN = 4
    SEIZED = 5


class Content(Code):
    """What a parcel really held."""

    AS_SOLD = 0
    ADULTERATED = 1
    SUBSTITUTED = 2


class Check(Code):
    """What a drug check found of a delivery."""

    NONE = 0
    AS_SOLD = 1
    NOT_AS_SOLD = 2


class Post(Code):
    """Fields of a post in a forum, in the order in which the board keeps them."""

    DAY = 0
    MARKET = 1  # slot
    VENDOR = 2  # row of whom it is about, -1 of nobody
    BAD = 3  # 1 when it warns of that vendor
    ADVICE = 4  # 1 when it says how to use with less harm
    STATE = 5


class Written(Code):
    """What a post is: true, false, or taken down."""

    TRUE = 0
    FALSE = 1
    GONE = 2


class EventKind(Code):
    """Kinds of rows in the events table."""

    PLATFORM_OPENED = 0
    PLATFORM_CLOSED = 1
    TAKEDOWN = 2
    EXIT_SCAM = 3
    HACK = 4
    VENDOR_ENTRY = 5
    VENDOR_EXIT = 6
    ARREST = 7
    SUPPLIER_ARREST = 8
    SUPPLIER_REPLACED = 9
    PARCEL_SEIZURE = 10
    CONSIGNMENT_SEIZURE = 11
    ACCOUNT_TERMINATED = 12
    OVERDOSE = 13
    DEATH = 14
    ADVERSE_EVENT = 15
    VIOLENCE = 16
    REFERRAL = 17
    CRIMINALISED = 18
    TREATMENT_ENTRY = 19
    TREATMENT_EXIT = 20
    NOVEL_SUBSTANCE = 21
    ALERT = 22
    ROLE_CHANGE = 23
    INITIATION = 24
    NETWORK_ATTACK = 25
    PASSED_ON = 26
    ALERT_HEARD = 27
    LEFT = 28
    DEATH_OTHER = 29
    FIRST_USE = 30
    STOPPED = 31
    NOVEL_GONE = 32


class Programme(Code):
    """What people are offered, and take up or not."""

    CHECKING = 0
    NALOXONE = 1
    SUPPLY = 2
    SERVICES = 3  # offered by police instead of a charge
    WARNINGS = 4  # messages against illicit sources, to which people listen or not
    LESSONS = 5  # likewise
    SUPPORT = 6  # likewise


N_PROGRAMMES = len(Programme)

NEVER = 32767  # a day that does not come, in two-byte day columns
LAST_DAY = 32_000  # the longest run is over by then: what would happen later is put off to it, so that no day wraps
MOST_COUNTED = 65535  # where counters of two bytes stop
NOBODY = -1
CLEAN, OLDER = -2, -1  # a supplier mixes in no strong synthetic, or one that was there before the run
NO_SLOT = 65535

SUM_ADVERSE, SUM_OVERDOSE, SUM_DEATH, SUM_DOSES, SUM_DISABILITY, SUM_UNMET, SUM_UNMET_DISABILITY = range(7)
"""What consumption adds up in a day."""
N_SUMS = 7
