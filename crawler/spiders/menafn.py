"""MENAFN, the outlet that started the project."""

from crawler.outlet import OutletSpider


class Menafn(OutletSpider):
    name = "menafn"
    title = "MENAFN"
    home = "https://menafn.com/"
    hosts = ("menafn.com",)
    feeds = ("rss/menafn_sa.xml", "rss/menafn_energy.xml", "rss/menafn_saudi_arabia.xml")
    listings = ("mn_main.aspx",)
    article = r"^/\d{7,}/"
    language = "en"
