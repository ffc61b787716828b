"""What Shopify is asked, as GraphQL documents of one API version. It sends nothing."""

from typing import Final

API_VERSION: Final = "2026-10"

# Shopify refuses a document that may cost more than 1,000 points. What a page costs is only known when it is asked for,
# so this is where it starts. Most orders have no more lines and parts than this; the others are asked for one by one.
ORDERS: Final = 50
SIZES: Final = {"lines": 12, "parts": 4}
MORE: Final = 100
MARKS: Final = 250  # orders of a page that only tells them from others
SENT: Final = 250  # fulfilments of one order at most: they come in a list without pages

_PAGE_INFO: Final = "pageInfo { hasNextPage endCursor }"
_MONEY: Final = "{ presentmentMoney { amount } }"
_TAXES: Final = f"taxLines {{ rate priceSet {_MONEY} }}"
_ADDRESS: Final = """{
  firstName lastName company address1 address2 city province provinceCode zip countryCodeV2 phone
}"""

_LINE: Final = f"""
  id name sku quantity currentQuantity unfulfilledQuantity nonFulfillableQuantity requiresShipping
  variant {{ id }}
  product {{ id }}
  originalUnitPriceSet {_MONEY}
  priceAfterAllDiscountsBeforeTaxesSet {_MONEY}
  discountAllocations {{ allocatedAmountSet {_MONEY} }}
  {_TAXES}
"""
_SHIPPING: Final = f"id title discountedPriceSet {_MONEY} currentDiscountedPriceSet {_MONEY} {_TAXES}"
_HELD_LINE: Final = "id lineItem { id } remainingQuantity"
_SENT_LINE: Final = "id lineItem { id } quantity"
_RETURNED_LINE: Final = "id quantity ... on ReturnLineItem { fulfillmentLineItem { lineItem { id } } }"
_FULFILLMENT_ORDER: Final = f"""
  id status assignedLocation {{ location {{ id }} }} supportedActions {{ action }} deliveryMethod {{ methodType }}
  lineItems(first: $lines) {{ nodes {{ {_HELD_LINE} }} {_PAGE_INFO} }}
"""
_FULFILLMENT: Final = f"""
  id status displayStatus trackingInfo(first: 1) {{ number company url }}
  fulfillmentLineItems(first: $lines) {{ nodes {{ {_SENT_LINE} }} {_PAGE_INFO} }}
"""
_RETURN: Final = f"id status returnLineItems(first: $lines) {{ nodes {{ {_RETURNED_LINE} }} {_PAGE_INFO} }}"

# What tells who ordered can be left out: see shopify_errors.BUYER_FIELDS.
_BUYER: Final = "$email: Boolean!, $customer: Boolean!, $billingAddress: Boolean!, $shippingAddress: Boolean!"

_ORDER: Final = f"""
fragment Whole on Order {{
  id name createdAt updatedAt cancelledAt closed displayFinancialStatus displayFulfillmentStatus
  currencyCode presentmentCurrencyCode taxesIncluded poNumber note sourceName
  email @include(if: $email)
  customer @include(if: $customer) {{ id displayName defaultEmailAddress {{ emailAddress }} }}
  billingAddress @include(if: $billingAddress) {_ADDRESS}
  shippingAddress @include(if: $shippingAddress) {_ADDRESS}
  totalPriceSet {{ shopMoney {{ amount currencyCode }} presentmentMoney {{ amount currencyCode }} }}
  currentTotalPriceSet {_MONEY}
  currentTotalTaxSet {_MONEY}
  totalRefundedSet {_MONEY}
  totalTipReceivedSet {_MONEY}
  currentTotalDutiesSet {_MONEY}
  additionalFees {{ id name price {_MONEY} {_TAXES} }}
  lineItems(first: $lines) {{ nodes {{ {_LINE} }} {_PAGE_INFO} }}
  shippingLines(first: $parts) {{ nodes {{ {_SHIPPING} }} {_PAGE_INFO} }}
  fulfillmentOrders(first: $parts) {{ nodes {{ {_FULFILLMENT_ORDER} }} {_PAGE_INFO} }}
  fulfillmentsCount {{ count }}
  fulfillments(first: $parts) {{ {_FULFILLMENT} }}
  returns(first: $parts) {{ nodes {{ {_RETURN} }} {_PAGE_INFO} }}
}}
"""

ORDERS_PAGE: Final = f"""
query Orders($first: Int!, $after: String, $query: String!, $lines: Int!, $parts: Int!, {_BUYER}) {{
  orders(first: $first, after: $after, query: $query, sortKey: UPDATED_AT) {{
    nodes {{ ...Whole }}
    {_PAGE_INFO}
  }}
}}
{_ORDER}"""

ALL_SENT: Final = f"""
query AllSent($id: ID!, $lines: Int!) {{
  order(id: $id) {{ id fulfillments(first: {SENT}) {{ {_FULFILLMENT} }} }}
}}"""

# Where an order cannot be told, it takes its page along: so much of each is asked for to know which one it is.
ORDER_MARKS: Final = f"""
query OrderMarks($first: Int!, $after: String, $query: String!) {{
  orders(first: $first, after: $after, query: $query, sortKey: UPDATED_AT) {{
    nodes {{ id updatedAt }}
    {_PAGE_INFO}
  }}
}}"""

ONE_ORDER: Final = f"""
query Order($id: ID!, $lines: Int!, $parts: Int!, {_BUYER}) {{ order(id: $id) {{ ...Whole }} }}
{_ORDER}"""

CHECK: Final = """query Check {
  shop { currencyCode myshopifyDomain }
  currentAppInstallation { accessScopes { handle } }
}"""

# With all that tells who ordered: an app may read orders and not their buyers.
NEWEST_ORDER: Final = """
query NewestOrder {
  orders(first: 1, sortKey: UPDATED_AT, reverse: true) {
    nodes { id email customer { displayName } billingAddress { lastName } shippingAddress { lastName } }
  }
}"""

# -- stock -------------------------------------------------------------------------------------------------------

VARIANTS: Final = 200  # a page of the catalogue, to begin with
LEVELS: Final = 250  # places of one item at most, in one answer

# A shop keeps figures at places where an item is not active, and does not sell them. It lists active ones.
_LEVEL: Final = 'isActive location { id } quantities(names: ["available"]) { name quantity }'

# Where the shop keeps its stock: the primary place, and how many there are.
PLACES: Final = "query Places { location { id } locationsCount(limit: null) { count } }"

# All of them: those of fulfilment services hold stock too, and a closed one may be opened again.
LOCATIONS_PAGE: Final = f"""
query Locations($first: Int!, $after: String) {{
  locations(first: $first, after: $after, includeInactive: true, includeLegacy: true) {{
    nodes {{ id name isActive }}
    {_PAGE_INFO}
  }}
}}"""

_LEVELS: Final = f"inventoryLevels(first: $levels) {{ nodes {{ {_LEVEL} }} {_PAGE_INFO} }}"

VARIANTS_PAGE: Final = f"""
query Variants($first: Int!, $after: String, $query: String, $levels: Int!) {{
  productVariants(first: $first, after: $after, query: $query, sortKey: ID) {{
    nodes {{
      id sku displayName requiresComponents
      inventoryItem {{ id tracked {_LEVELS} }}
    }}
    {_PAGE_INFO}
  }}
}}"""

# SKU and tracking belong to the item: nothing says that a change of theirs is one of the variant.
ITEMS_PAGE: Final = f"""
query Items($first: Int!, $after: String, $query: String, $levels: Int!) {{
  inventoryItems(first: $first, after: $after, query: $query) {{
    nodes {{ id sku tracked variants(first: 1) {{ nodes {{ displayName requiresComponents }} }} {_LEVELS} }}
    {_PAGE_INFO}
  }}
}}"""

VARIANT_MARKS: Final = f"""
query VariantMarks($first: Int!, $after: String, $query: String) {{
  productVariants(first: $first, after: $after, query: $query, sortKey: ID) {{ nodes {{ id }} {_PAGE_INFO} }}
}}"""

ITEM_MARKS: Final = f"""
query ItemMarks($first: Int!, $after: String, $query: String) {{
  inventoryItems(first: $first, after: $after, query: $query) {{ nodes {{ id }} {_PAGE_INFO} }}
}}"""

# What changed says which SKU the item has now, and whether it is active at the place: where it is not, the figure is
# kept and nobody can buy it.
_HELD: Final = "id sku inventoryLevel(locationId: $place, includeInactive: true) { isActive }"
SET_STOCK: Final = f"""
mutation SetStock($input: InventorySetQuantitiesInput!, $place: ID!, $key: String!) {{
  inventorySetQuantities(input: $input) @idempotent(key: $key) {{
    inventoryAdjustmentGroup {{
      changes(quantityNames: ["available"]) {{
        item {{ {_HELD} }}
      }}
    }}
    userErrors {{ code field message }}
  }}
}}"""

# A figure that was there already is no change: of its item the answer says nothing.
HELD: Final = f"""
query Held($ids: [ID!]!, $place: ID!) {{ nodes(ids: $ids) {{ ... on InventoryItem {{ {_HELD} }} }} }}
"""

ACTIVATE: Final = f"""
mutation Activate($item: ID!, $place: ID!, $available: Int!, $key: String!) {{
  inventoryActivate(inventoryItemId: $item, locationId: $place, available: $available) @idempotent(key: $key) {{
    inventoryLevel {{ item {{ id sku }} {_LEVEL} }}
    userErrors {{ field message }}
  }}
}}"""

# -- fulfilment --------------------------------------------------------------------------------------------------

FULFILL: Final = """
mutation Fulfill($fulfillment: FulfillmentInput!) {
  fulfillmentCreate(fulfillment: $fulfillment) { fulfillment { id order { id } } userErrors { field message } }
}"""

# -- the rest of long lists --------------------------------------------------------------------------------------

# The lists inside an order or item that may be longer than what came, by what they belong to.
# -- webhooks ----------------------------------------------------------------------------------------------------------

SUBSCRIPTIONS: Final = f"""
query Subscriptions($after: String) {{
  webhookSubscriptions(first: 100, after: $after) {{ nodes {{ id topic uri }} {_PAGE_INFO} }}
}}
"""
SUBSCRIBE: Final = """
mutation Subscribe($topic: WebhookSubscriptionTopic!, $webhook: WebhookSubscriptionInput!) {
  webhookSubscriptionCreate(topic: $topic, webhookSubscription: $webhook) {
    webhookSubscription { id }
    userErrors { field message }
  }
}
"""
UNSUBSCRIBE: Final = """
mutation Unsubscribe($id: ID!) {
  webhookSubscriptionDelete(id: $id) { deletedWebhookSubscriptionId userErrors { field message } }
}
"""


_CONNECTIONS: Final = {
    ("Order", "lineItems"): _LINE,
    ("Order", "shippingLines"): _SHIPPING,
    ("Order", "fulfillmentOrders"): _FULFILLMENT_ORDER,
    ("Order", "returns"): _RETURN,
    ("FulfillmentOrder", "lineItems"): _HELD_LINE,
    ("Fulfillment", "fulfillmentLineItems"): _SENT_LINE,
    ("Return", "returnLineItems"): _RETURNED_LINE,
    ("InventoryItem", "inventoryLevels"): _LEVEL,
}


def more_of(kind: str, field: str) -> str:
    """The document that asks for the next part of a list of one thing."""
    nodes = _CONNECTIONS[kind, field]
    sizes = "$size: Int!, $lines: Int!" if "$lines" in nodes else "$size: Int!"
    return f"""
query More($id: ID!, $after: String!, {sizes}) {{
  node(id: $id) {{ ... on {kind} {{ {field}(first: $size, after: $after) {{ nodes {{ {nodes} }} {_PAGE_INFO} }} }} }}
}}"""


DOCUMENTS: Final = (
    *(
        ORDERS_PAGE,
        ONE_ORDER,
        CHECK,
        NEWEST_ORDER,
        PLACES,
        LOCATIONS_PAGE,
        VARIANTS_PAGE,
        ITEMS_PAGE,
        SET_STOCK,
        ACTIVATE,
        FULFILL,
        SUBSCRIPTIONS,
        SUBSCRIBE,
        UNSUBSCRIBE,
    ),
    *(ORDER_MARKS, VARIANT_MARKS, ITEM_MARKS, ALL_SENT, HELD),
    *(more_of(*one) for one in _CONNECTIONS),
)

# -- customers ---------------------------------------------------------------------------------------------------------

CUSTOMERS_PAGE: Final = f"""
query Customers($first: Int!, $after: String) {{
  customers(first: $first, after: $after, sortKey: ID) {{
    nodes {{ id displayName defaultEmailAddress {{ emailAddress }} }}
    {_PAGE_INFO}
  }}
}}"""
