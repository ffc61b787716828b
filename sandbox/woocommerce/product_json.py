"""Products, variations and webhooks as the WooCommerce REST API v3 writes them."""

import re
from typing import Any

from sandbox.woocommerce.catalogue import Catalogue
from sandbox.woocommerce.json import Dates, self_link
from sandbox.woocommerce.model import Product, ShopSettings, Webhook

_HOOKS = {
    "order.created": ["woocommerce_new_order"],
    "order.updated": ["woocommerce_update_order", "woocommerce_order_refunded"],
    "order.deleted": ["wp_trash_post", "woocommerce_trash_order"],
    "order.restored": ["untrashed_post", "woocommerce_untrash_order"],
}


def slug(name: str) -> str:
    """A name as part of an address."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


class ProductWriter:
    """Writes the products of one shop."""

    def __init__(self, settings: ShopSettings, catalogue: Catalogue, url: str) -> None:
        self._settings = settings
        self._catalogue = catalogue
        self._url = url
        self._dates = Dates(settings.timezone)

    def product(self, product: Product, *, written: bool = False) -> dict[str, Any]:
        """A product or, from the product list, a variation; answers to writes carry two fields more."""
        shown = self._product(product)
        if written:
            page = f"{self._url}/product/%pagename%/"
            shown |= {"permalink_template": page, "generated_slug": slug(product.name)}
        return shown | {"_links": self._links(product, f"{self._url}/wp-json/wc/v3/products")}

    def variation(self, product: Product) -> dict[str, Any]:
        """A variation from its own end point: another order of fields, and fewer."""
        base = f"{self._url}/wp-json/wc/v3/products/{product.parent_id}/variations"
        return {
            "id": product.id,
            "type": "variation",
            **self._dates_of(product),
            "description": "",
            "permalink": self._permalink(product),
            "sku": self._catalogue.sku_of(product),
            "global_unique_id": "",
            **self._price(product),
            "status": product.status,
            "purchasable": True,
            **_download(product),
            "tax_status": "taxable",
            "tax_class": product.tax_class,
            **self._stock(product),
            "stock_status": self._catalogue.stock_status(product),
            **self._backorders(product),
            "low_stock_amount": None,
            **_size(product),
            **_shipping_class(),
            "image": None,
            "attributes": self._attributes(product),
            "menu_order": 0,
            "meta_data": product.meta,
            "name": product.option,
            "parent_id": product.parent_id,
            "_links": self._links(product, base),
        }

    def webhook(self, hook: Webhook) -> dict[str, Any]:
        """A webhook; its secret is never shown."""
        resource, _, event = hook.topic.partition(".")
        base = f"{self._url}/wp-json/wc/v3/webhooks"
        return {
            "id": hook.id,
            "name": hook.name,
            "status": hook.status,
            "topic": hook.topic,
            "resource": resource,
            "event": event,
            "hooks": _HOOKS.get(hook.topic, [f"woocommerce_{event}_{resource}"]),
            "delivery_url": hook.delivery_url,
            "date_created": self._dates.local(hook.created),
            "date_created_gmt": self._dates.gmt(hook.created),
            "date_modified": self._dates.local(hook.modified),
            "date_modified_gmt": self._dates.gmt(hook.modified),
            "_links": {"self": [self_link(f"{base}/{hook.id}")], "collection": [{"href": base}]},
        }

    def _product(self, product: Product) -> dict[str, Any]:
        is_variation = product.parent_id != 0
        return {
            "id": product.id,
            "name": self._name(product),
            "slug": slug(self._name(product)),
            "permalink": self._permalink(product),
            **self._dates_of(product),
            "type": product.kind,
            "status": product.status,
            "featured": False,
            "catalog_visibility": "visible",
            "description": "",
            "short_description": "",
            "sku": self._catalogue.sku_of(product),
            **self._price(product),
            "purchasable": bool(product.regular_price),
            "total_sales": "0" if is_variation else product.total_sales,
            **_download(product),
            "external_url": "",
            "button_text": "",
            "tax_status": "taxable",
            "tax_class": product.tax_class,
            **self._stock(product),
            **self._backorders(product),
            "low_stock_amount": None,
            "sold_individually": False,
            **_size(product),
            "shipping_required": not product.virtual,
            "shipping_taxable": not product.virtual,
            **_shipping_class(),
            **self._after_size(product),
        }

    def _after_size(self, product: Product) -> dict[str, Any]:
        is_variation = product.parent_id != 0
        return {
            "reviews_allowed": not is_variation,
            "average_rating": "0.00",
            "rating_count": 0,
            "upsell_ids": [],
            "cross_sell_ids": [],
            "parent_id": product.parent_id,
            "purchase_note": "",
            "categories": [] if is_variation else [{"id": 15, "name": "Uncategorized", "slug": "uncategorized"}],
            "brands": [],
            "tags": [],
            "images": [],
            "attributes": self._attributes(product),
            "default_attributes": [],
            "variations": [one.id for one in reversed(self._catalogue.variations(product.id))],
            "grouped_products": [],
            "menu_order": 0,
            "price_html": f'<span class="woocommerce-Price-amount amount"><bdi>{product.price}</bdi></span>',
            "related_ids": [],
            "meta_data": product.meta,
            "stock_status": self._catalogue.stock_status(product),
            "has_options": product.kind == "variable",
            "post_password": "",
            "global_unique_id": "",
        }

    def _dates_of(self, product: Product) -> dict[str, Any]:
        return {
            "date_created": self._dates.local(product.created),
            "date_created_gmt": self._dates.gmt(product.created),
            "date_modified": self._dates.local(product.modified),
            "date_modified_gmt": self._dates.gmt(product.modified),
        }

    def _price(self, product: Product) -> dict[str, Any]:
        return {
            "price": product.sale_price or product.regular_price,
            "regular_price": product.regular_price,
            "sale_price": product.sale_price,
            "date_on_sale_from": None,
            "date_on_sale_from_gmt": None,
            "date_on_sale_to": None,
            "date_on_sale_to_gmt": None,
            "on_sale": bool(product.sale_price),
        }

    def _stock(self, product: Product) -> dict[str, Any]:
        owner = self._catalogue.stock_owner(product)
        return {
            "manage_stock": self._catalogue.manage_stock(product),
            "stock_quantity": owner.stock_quantity if owner else None,
        }

    def _backorders(self, product: Product) -> dict[str, Any]:
        owner = self._catalogue.stock_owner(product)
        allowed = product.backorders != "no"
        is_short = owner is not None and (owner.stock_quantity or 0) <= 0
        return {
            "backorders": product.backorders,
            "backorders_allowed": allowed,
            "backordered": allowed and is_short,
        }

    def _name(self, product: Product) -> str:
        parent = self._catalogue.products.get(product.parent_id)
        return f"{parent.name} - {product.option}" if parent else product.name

    def _permalink(self, product: Product) -> str:
        parent = self._catalogue.products.get(product.parent_id)
        query = f"?attribute_option={product.option}" if parent else ""
        return f"{self._url}/product/{slug(parent.name if parent else product.name)}/{query}"

    def _attributes(self, product: Product) -> list[dict[str, Any]]:
        if product.parent_id:
            return [{"id": 0, "name": "Option", "slug": "option", "option": product.option}]
        options = [one.option for one in reversed(self._catalogue.variations(product.id))]
        if not options:
            return []
        seen = {"position": 0, "visible": True, "variation": True}
        return [{"id": 0, "name": "Option", "slug": "option", **seen, "options": options}]

    def _links(self, product: Product, base: str) -> dict[str, Any]:
        links: dict[str, Any] = {"self": [self_link(f"{base}/{product.id}")], "collection": [{"href": base}]}
        if product.parent_id:
            links["up"] = [{"href": f"{self._url}/wp-json/wc/v3/products/{product.parent_id}"}]
        return links


def _download(product: Product) -> dict[str, Any]:
    return {
        "virtual": product.virtual,
        "downloadable": False,
        "downloads": [],
        "download_limit": -1,
        "download_expiry": -1,
    }


def _size(product: Product) -> dict[str, Any]:
    return {"weight": product.weight, "dimensions": {"length": "", "width": "", "height": ""}}


def _shipping_class() -> dict[str, Any]:
    return {"shipping_class": "", "shipping_class_id": 0}
