"""Every kind of stream that the log holds. Importing this declares every fact there is."""

from domain.access import AccessRecord
from domain.external import LinkRecord
from domain.organisation import OrganisationRecord
from domain.practitioner import PractitionerRecord
from domain.record import CareRecord

STREAM_KINDS = (CareRecord, AccessRecord, PractitionerRecord, OrganisationRecord, LinkRecord)
"""Care record (the client's id), access (client and reader), practitioner, organisation, and where
the link of an external practitioner leads (its token's digest)."""
