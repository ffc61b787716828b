"""The inventory hub that comes with storesync: stock and sales orders in PostgreSQL (schema `hub`)."""
