"""What companies call the columns of the input tables, in English and Spanish, the likeliest first.

Written as people write them; `features.mapping` compares letters and digits only.
"""

WHEN = ("date", "fecha", "datetime", "timestamp", "fecha hora", "created at", "created", "dia")
"""Names of the time that orders a table, whichever it is."""

NAMES = ("id", "number", "numero", "no", "name")
"""Names of a table's key, whichever it is: a shop's order number may be its "Name"."""

QUANTITY = ("quantity", "qty", "units", "cantidad", "unidades", "uds", "lineitem quantity")
PRICE = ("unit price", "price", "precio unitario", "precio", "item price", "lineitem price", "pvp")
"""What an amount is the product of, where a file has lines and no amount."""

SYNONYMS: dict[str, tuple[str, ...]] = {
    name: tuple(words.split(", "))
    for name, words in {
        "customer_id": "customer id, customer number, customer no, customer code, customer, client "
        "id, client, id cliente, cliente id, codigo cliente, codigo de cliente, cod cliente, "
        "numero de cliente, num cliente, cliente, customer unique id, customer user, user id, "
        "user, id usuario, usuario, member id, socio, num socio, household id, household key, "
        "account id, account, cuenta, shopper id, buyer id, buyer, comprador, caller id, "
        "requester id, nif, dni, customer email, billing email, email, e-mail, email address, "
        "correo electronico, correo, customer name, nombre cliente",
        "transaction_id": "transaction id, transaction, order id, order number, order no, order, "
        "invoice no, invoice number, invoice id, invoice, id pedido, numero de pedido, "
        "numero pedido, num pedido, no pedido, pedido, numero factura, no factura, num factura, "
        "factura, ticket, num ticket, id venta, venta id, basket id, receipt, receipt number, "
        "sale id, purchase id, id transaccion, transaccion",
        "occurred_at": "occurred at, order date, purchase date, invoice date, transaction date, "
        "transaction timestamp, order purchase timestamp, sale date, fecha pedido, "
        "fecha de pedido, fecha del pedido, fecha compra, fecha de compra, fecha factura, "
        "fecha de factura, fecha venta, fecha de venta, date created, order created, "
        "contacted at, time",
        "amount": "net amount, amount, importe neto, importe, total amount, order total, total, "
        "total pedido, importe total, total importe, total factura, total price, grand total, "
        "net revenue, n revenue, revenue, net sales, sales value, sales, ventas, venta, "
        "payment value, price paid, monto, valor, base imponible, subtotal, spend",
        "currency": "currency, currency code, order currency, moneda, divisa, codigo moneda",
        "margin": "margin, gross margin, profit, gross profit, margen, margen bruto, beneficio",
        "channel": "channel, sales channel, source, source name, canal, canal de venta, "
        "canal venta, medium, medio, via, origen, contact type",
        "category": "category, product category, department, product type, categoria, familia, "
        "seccion, departamento",
        "promised_at": "promised at, promised, promised date, estimated delivery date, "
        "order estimated delivery date, estimated delivery, expected delivery, "
        "expected delivery date, fecha prevista, fecha prevista de entrega, "
        "fecha prevista entrega, entrega prevista, fecha prometida, eta",
        "delivered_at": "delivered at, delivered, delivery date, order delivered customer date, "
        "delivered date, fecha entrega, fecha de entrega, entregado, entregado el",
        "discount": "discount, discount amount, discount total, total discounts, cart discount, "
        "descuento, importe descuento, total descuento, dto",
        "recorded_at": "recorded at, loaded at, ingested at, fecha de carga, fecha carga",
        "survey_id": "survey id, response id, submission id, review id, id encuesta, encuesta, "
        "id respuesta",
        "kind": "kind, survey type, survey, metric, type, tipo de encuesta, tipo encuesta, tipo",
        "asked_at": "asked at, sent at, survey date, survey sent, review creation date, "
        "fecha envio, fecha de envio, enviada",
        "answered_at": "answered at, responded at, response date, submitted at, completed at, "
        "review answer timestamp, fecha respuesta, fecha de respuesta",
        "score": "score, rating, review score, stars, nps, nps score, csat, ces, response, answer, "
        "puntuacion, nota, valoracion, estrellas, respuesta",
        "scale_min": "scale min, min score, minimo",
        "scale_max": "scale max, max score, maximo",
        "comment": "comment, comments, review comment message, feedback, verbatim, review, text, "
        "comentario, comentarios, texto, opinion, observaciones, mensaje",
        "touchpoint": "touchpoint, punto de contacto, momento",
        "language": "language, lang, locale, idioma, lengua",
        "ticket_id": "ticket id, ticket, ticket number, case id, case number, case, incident, "
        "incident id, issue id, id incidencia, num incidencia, incidencia, id ticket, caso",
        "opened_at": "opened at, opened, open date, opened date, fecha apertura, "
        "fecha de apertura, abierto, abierta",
        "first_response_at": "first response at, first response, first reply at, first reply, "
        "primera respuesta, fecha primera respuesta",
        "resolved_at": "resolved at, resolved, solved at, resolution date, closed at, closed, "
        "fecha resolucion, fecha de resolucion, fecha cierre, fecha de cierre, resuelto, cerrado",
        "reopened_at": "reopened at, reopened, fecha reapertura, fecha de reapertura, reabierto",
        "topic": "topic, category, subject, reason, issue type, type, tema, motivo, asunto, "
        "categoria, tipo",
        "is_complaint": "is complaint, complaint, es queja, queja, reclamacion",
        "handling_minutes": "handling minutes, handle time, handling time, minutes, minutos, "
        "tiempo de gestion, duracion",
        "contact_id": "contact id, interaction id, event id, call id, id contacto, contacto",
        "phase": "phase, journey phase, stage, fase, etapa",
        "agent": "agent, agent name, assigned to, operator, agente, operador",
        "referral_id": "referral id, referral, id recomendacion, recomendacion",
        "referred_customer_id": "referred customer id, referred customer, referred, referee, "
        "invited, id referido, referido, recomendado, invitado",
        "offer_id": "offer id, offer, id oferta, oferta",
        "campaign_id": "campaign id, campaign, campaign name, id campana, campana",
        "decided_at": "decided at, offered at, sent at, start date, fecha oferta, fecha de oferta, "
        "fecha envio, fecha de envio",
        "arm": "arm, variant, group, treatment, test group, brazo, variante, grupo, tratamiento",
        "cost": "cost, offer cost, coste, costo",
        "propensity": "propensity, probability, propension, probabilidad",
        "redeemed_at": "redeemed at, redeemed, redemption date, fecha canje, fecha de canje, "
        "canjeado",
        "acquired_at": "acquired at, signup date, sign up date, registration date, registered at, "
        "customer since, fecha alta, fecha de alta, fecha registro, fecha de registro, "
        "cliente desde",
        "segment": "segment, customer segment, tier, customer type, segmento, tipo de cliente, "
        "tipo cliente",
        "country": "country, country code, billing country, pais, codigo pais",
        "contract_ends_at": "contract ends at, contract end, contract end date, end date, "
        "fecha fin, fecha de fin, fin de contrato, fin contrato, vencimiento",
        "erased_at": "erased at, erasure date, deleted at, fecha borrado, fecha de borrado, "
        "fecha supresion",
        "rate": "rate, exchange rate, tipo de cambio, tipo cambio, cambio, tasa",
    }.items()
}
