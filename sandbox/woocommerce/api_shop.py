"""The stand-in's end points for the shop itself: settings, status, webhooks."""

from typing import Any

from flask import Blueprint, Response

from sandbox.woocommerce.api import ROOT, answer, body, page_of, params
from sandbox.woocommerce.errors import Refusal, invalid_params
from sandbox.woocommerce.model import Webhook
from sandbox.woocommerce.state import WooCommerceShop
from sandbox.woocommerce.webhooks import TOPICS

_STATUSES = ("active", "paused", "disabled")


def index(shop: WooCommerceShop) -> Response:
    """What the site says of itself to everybody, as far as it is asked."""
    if shop.hides_index:
        raise Refusal("rest_not_logged_in", "You are not currently logged in.", 401)
    said = {"name": "Sandbox", "url": shop.url, "home": shop.home or shop.url, "namespaces": ["wc/v3", "wp/v2"]}
    asked = params().text("_fields")
    return answer({name: value for name, value in said.items() if not asked or name in asked.split(",")})


def settings_routes(shop: WooCommerceShop) -> Blueprint:
    """`/settings/general/…`, `/settings/tax/…` and `/system_status`."""
    routes = Blueprint("settings", __name__, url_prefix=ROOT)

    @routes.get("/settings/<group>")
    def listed(group: str) -> Response:
        found = [_setting(shop, group, name, value) for name, value in _group(shop, group).items()]
        return answer(found)

    @routes.get("/settings/<group>/<name>")
    def shown(group: str, name: str) -> Response:
        values = _group(shop, group)
        if name not in values:
            raise Refusal("rest_setting_setting_invalid", "Invalid setting.", 404)
        return answer(_setting(shop, group, name, values[name]))

    @routes.get("/customers")
    def customers() -> Response:
        asked = params()
        return page_of(_customers(shop), lambda one: one, asked)

    @routes.get("/system_status")
    def status() -> Response:
        return answer(_system_status(shop))

    return routes


def _customers(shop: WooCommerceShop) -> list[dict[str, Any]]:
    """Those who ordered and are not guests, as their last order says them."""
    found = {}
    for order in shop.book.orders.values():
        if order.customer_id:
            names = {name: order.billing.get(name, "") for name in ("first_name", "last_name", "email")}
            billing = {"company": order.billing.get("company", "")}
            found[order.customer_id] = {"id": order.customer_id, **names, "billing": billing}
    return [found[id_] for id_ in sorted(found)]


def webhook_routes(shop: WooCommerceShop) -> Blueprint:
    """`/webhooks` and below."""
    routes = Blueprint("webhooks", __name__, url_prefix=f"{ROOT}/webhooks")

    @routes.get("")
    def listed() -> Response:
        asked, writer = params(), shop.product_writer()
        status = asked.choice("status", ("all", *_STATUSES), "all")
        found = [hook for hook in reversed(shop.webhooks.hooks.values()) if status in ("all", hook.status)]
        return page_of(found, writer.webhook, asked)

    @routes.post("")
    def added() -> Response:
        given = body()
        _check(given, is_new=True)
        return answer(shop.product_writer().webhook(shop.webhooks.subscribe(given)), 201)

    @routes.get("/<int:webhook_id>")
    def shown(webhook_id: int) -> Response:
        return answer(shop.product_writer().webhook(_webhook(shop, webhook_id, 404)))

    @routes.route("/<int:webhook_id>", methods=["PUT", "PATCH", "POST"])
    def changed(webhook_id: int) -> Response:
        hook, given = _webhook(shop, webhook_id, 400), body()
        _check(given, is_new=False)
        for name in ("name", "topic", "delivery_url", "secret", "status"):
            setattr(hook, name, str(given.get(name, getattr(hook, name))))
        if given.get("status") == "active":
            hook.failures = 0
        hook.modified = shop.now()
        return answer(shop.product_writer().webhook(hook))

    @routes.delete("/<int:webhook_id>")
    def removed(webhook_id: int) -> Response:
        hook = _webhook(shop, webhook_id, 404)
        if not params().flag("force"):
            raise Refusal("woocommerce_rest_trash_not_supported", "Webhooks do not support trashing.", 501)
        del shop.webhooks.hooks[webhook_id]
        return answer(shop.product_writer().webhook(hook))

    return routes


def _webhook(shop: WooCommerceShop, webhook_id: int, status: int) -> Webhook:
    try:
        return shop.webhooks.hooks[webhook_id]
    except KeyError:
        raise Refusal("woocommerce_rest_shop_webhook_invalid_id", "Invalid ID.", status) from None


def _check(given: dict[str, Any], *, is_new: bool) -> None:
    missing = [name for name in ("topic", "delivery_url") if is_new and not given.get(name)]
    if missing:
        sentence = f"Missing parameter(s): {', '.join(missing)}"
        raise Refusal("rest_missing_callback_param", sentence, 400, {"params": missing})
    if "topic" in given and given["topic"] not in TOPICS and not str(given["topic"]).startswith("action."):
        sentence = "Webhook topic is required and must be valid."
        raise Refusal("woocommerce_rest_webhook_invalid_topic", sentence, 400)
    if "delivery_url" in given and not str(given["delivery_url"]).startswith(("http://", "https://")):
        sentence = "Webhook delivery URL must be a valid URL starting with http:// or https://."
        raise Refusal("woocommerce_rest_webhook_invalid_delivery_url", sentence, 400)
    if given.get("status", "active") not in _STATUSES:
        sentence = "status is not one of active, paused, and disabled."
        raise invalid_params({"status": ("rest_not_in_enum", sentence)})


def _group(shop: WooCommerceShop, group: str) -> dict[str, str]:
    settings = shop.settings
    place = f"{settings.country}:{settings.state}" if settings.state else settings.country
    groups = {
        "general": {
            "woocommerce_default_country": place,
            "woocommerce_calc_taxes": "yes" if settings.tax_rates else "no",
            "woocommerce_currency": settings.currency,
            "woocommerce_price_num_decimals": str(settings.decimals),
        },
        "tax": {
            "woocommerce_prices_include_tax": "yes" if settings.prices_include_tax else "no",
            "woocommerce_tax_based_on": "shipping",
            "woocommerce_shipping_tax_class": "inherit",
            "woocommerce_tax_round_at_subtotal": "yes" if settings.round_at_subtotal else "no",
        },
    }
    if group not in groups:
        raise Refusal("rest_setting_setting_group_invalid", "Invalid setting group.", 404)
    return groups[group]


def _setting(shop: WooCommerceShop, group: str, name: str, value: str) -> dict[str, Any]:
    base = f"{shop.url}{ROOT}/settings/{group}"
    return {
        "id": name,
        "label": name.removeprefix("woocommerce_").replace("_", " ").capitalize(),
        "description": "",
        "type": "checkbox" if value in ("yes", "no") else "select",
        "default": value,
        "tip": "",
        "value": value,
        "group_id": group,
        "_links": {"self": [{"href": f"{base}/{name}"}], "collection": [{"href": base}]},
    }


def _system_status(shop: WooCommerceShop) -> dict[str, Any]:
    settings = shop.settings
    return {
        "environment": {
            "home_url": shop.url,
            "site_url": shop.url,
            "version": settings.version,
            "wp_version": "6.8.3",
            "default_timezone": "UTC",
        },
        "active_plugins": [],
        "settings": {
            "api_enabled": False,
            "currency": settings.currency,
            "number_of_decimals": settings.decimals,
            "HPOS_enabled": True,
        },
    }
